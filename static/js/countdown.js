// <count-down until="…" seconds="90">: counts to an instant. Screen readers hear it once at half time and once when it is over.
class CountDown extends HTMLElement {
  connectedCallback() {
    this.until = Date.now() + Number(this.getAttribute("left")) * 1000;
    this.whole = Number(this.getAttribute("seconds"));
    this.soon = Number(this.getAttribute("soon"));
    this.said = this.querySelector("[data-said]");
    this.tick();
    this.timer = setInterval(() => this.tick(), 250);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  tick() {
    const left = Math.max(0, Math.ceil((this.until - Date.now()) / 1000));
    if (left === this.shown) return;
    this.shown = left;
    const minutes = Math.floor(left / 60);
    const text = minutes ? `${minutes}:${String(left % 60).padStart(2, "0")}` : String(left);
    for (const place of this.querySelectorAll("[data-left]")) place.textContent = text;
    this.querySelector(".ring__part")?.setAttribute("stroke-dasharray", `${(100 * left) / this.whole} 100`);
    this.toggleAttribute("data-soon", left > 0 && left <= this.soon);
    if (left === Math.floor(this.whole / 2)) this.said.textContent = text;
    if (left === 0) this.end();
  }

  end() {
    clearInterval(this.timer);
    this.toggleAttribute("data-late", true);
    this.said.textContent = this.getAttribute("late") || "";
    this.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
  }
}

customElements.define("count-down", CountDown);
