// <desk-live src every>: the desk as it is now, asked for every two seconds; nothing is drawn unless something changed.
// What rings flashes in the window's title and sounds once the page was clicked; A accepts it, P passes it on.
const SILENT_MS = 1000;

class DeskLive extends HTMLElement {
  connectedCallback() {
    this.version = this.getAttribute("version");
    this.name = document.title;
    this.timers = [
      setInterval(() => this.look(), Number(this.getAttribute("every")) * 1000),
      setInterval(() => this.ring(), SILENT_MS),
    ];
    this.onKey = (event) => this.press(event);
    this.onTouch = () => this.wake();
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("pointerdown", this.onTouch);
    document.addEventListener("countdown:over", () => this.look());
    this.mark();
  }

  disconnectedCallback() {
    this.timers.forEach(clearInterval);
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("pointerdown", this.onTouch);
  }

  async look() {
    if (this.isLooking || this.querySelector("form[data-busy]")) return;
    this.isLooking = true;
    try {
      const answer = await fetch(this.getAttribute("src"), { headers: { "If-None-Match": this.version, "X-Live": "1" }, cache: "no-store" });
      if (answer.redirected) return location.reload();
      if (answer.status === 200) this.draw(await answer.text(), answer.headers.get("ETag"));
      this.toggleAttribute("data-lost", ![200, 304].includes(answer.status));
    } catch {
      this.toggleAttribute("data-lost", true);
    }
    this.isLooking = false;
  }

  draw(text, version) {
    const kept = document.activeElement?.closest?.("desk-live") ? document.activeElement.id : "";
    this.version = version;
    this.innerHTML = text;
    if (kept) document.getElementById(kept)?.focus();
    this.mark();
  }

  mark() {
    const ringing = this.querySelector("[data-ringing]");
    const id = ringing?.dataset.ringing || "";
    if (id && id !== this.rings) this.isFlashed = false;
    this.rings = id;
    this.words = ringing?.dataset.words || "";
    document.documentElement.toggleAttribute("data-rings", Boolean(id));
    this.ring();
    if (this.sound) this.hint(false);
  }

  ring() {
    this.isFlashed = this.rings ? !this.isFlashed : false;
    document.title = this.isFlashed ? this.words : this.name;
    if (this.isFlashed) this.play();
  }

  wake() {
    this.sound ||= new (window.AudioContext || window.webkitAudioContext)();
    this.sound.resume();
    this.hint(false);
  }

  hint(isShown) {
    const hint = this.querySelector("[data-sound]");
    if (hint) hint.hidden = !isShown;
  }

  play() {
    if (this.sound?.state !== "running") return;
    const now = this.sound.currentTime;
    for (const [after, pitch] of [[0, 660], [0.18, 880]]) {
      const tone = this.sound.createOscillator();
      const loudness = this.sound.createGain();
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.0001, now + after);
      loudness.gain.exponentialRampToValueAtTime(0.2, now + after + 0.03);
      loudness.gain.exponentialRampToValueAtTime(0.0001, now + after + 0.16);
      tone.connect(loudness).connect(this.sound.destination);
      tone.start(now + after);
      tone.stop(now + after + 0.17);
    }
  }

  press(event) {
    this.wake();
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const form = this.querySelector(`form[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!form || event.repeat || form.dataset.busy) return;
    event.preventDefault();
    form.dataset.busy = "yes";
    form.requestSubmit();
  }
}

customElements.define("desk-live", DeskLive);
