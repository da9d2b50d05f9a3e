// <seat-stepper>: keeps the number field, its two buttons and the slider in step. The field is the truth; its input and change
// events bubble, so that a form or htmx listens to it as to any other field.
class SeatStepper extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input[type=number]");
    this.range = this.querySelector("input[type=range]");
    this.stops = (this.dataset.stops || `${this.field.min},${this.field.max}`).split(",").map(Number);
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-step]");
      if (button) this.set(this.value + Number(button.dataset.step), true);
    });
    this.field.addEventListener("input", () => this.show());
    this.range?.addEventListener("input", () => this.set(this.seatsAt(Number(this.range.value)), false));
    this.range?.addEventListener("change", () => this.tell("change"));
    this.range?.addEventListener("keydown", (event) => this.key(event));
    this.show();
  }

  get value() {
    return Number(this.field.value) || Number(this.field.min);
  }

  set(value, done) {
    const kept = Math.min(Math.max(Math.round(value), Number(this.field.min)), Number(this.field.max));
    if (kept !== Number(this.field.value)) {
      this.field.value = kept;
      this.tell("input");
    }
    this.show();
    if (done) this.tell("change");
  }

  tell(type) {
    this.field.dispatchEvent(new Event(type, { bubbles: true }));
  }

  key(event) {
    const page = Math.max(1, Math.round(this.value / 5));
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: page, PageDown: -page };
    if (event.key === "Home") this.set(Number(this.field.min), true);
    else if (event.key === "End") this.set(Number(this.field.max), true);
    else if (event.key in steps) this.set(this.value + steps[event.key], true);
    else return;
    event.preventDefault();
  }

  // The track is even between stops: place p between stop i and i + 1 is a linear share of their distance.
  seatsAt(place) {
    const i = Math.min(Math.floor(place), this.stops.length - 2);
    return this.stops[i] + (place - i) * (this.stops[i + 1] - this.stops[i]);
  }

  placeOf(seats) {
    const next = this.stops.findIndex((stop) => stop >= seats);
    if (next <= 0) return next === 0 ? 0 : this.stops.length - 1;
    return next - 1 + (seats - this.stops[next - 1]) / (this.stops[next] - this.stops[next - 1]);
  }

  show() {
    const value = this.value;
    for (const button of this.querySelectorAll("[data-step]")) {
      button.disabled = Number(button.dataset.step) < 0 ? value <= Number(this.field.min) : value >= Number(this.field.max);
    }
    if (!this.range) return;
    const place = this.placeOf(value);
    this.range.value = place;
    this.range.setAttribute("aria-valuetext", value.toLocaleString(document.documentElement.lang));
    const share = place / (this.stops.length - 1);
    this.range.style.setProperty("--fill", `calc(${share * 100}% + ${(0.5 - share) * 1.5}rem)`);
  }
}

customElements.define("seat-stepper", SeatStepper);
