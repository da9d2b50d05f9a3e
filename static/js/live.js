// <live-part src="…" tag='"…"' every="1500">: asks whether its [data-live] has changed, and puts in what has. The part says how
// soon to ask again (data-every in ms, 0: no more) and what screen readers hear of it (data-said). Fires live:changed.
const HIDDEN_MS = 10_000;
const FARTHEST_MS = 30_000;

class LivePart extends HTMLElement {
  connectedCallback() {
    this.tag = this.getAttribute("tag");
    this.every = Number(this.getAttribute("every"));
    this.failed = 0;
    this.look = () => document.visibilityState === "visible" && this.plan(0);
    document.addEventListener("visibilitychange", this.look);
    this.plan();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.look);
  }

  plan(wait = this.wait()) {
    clearTimeout(this.timer);
    if (this.every && this.isConnected) this.timer = setTimeout(() => this.ask(), wait);
  }

  wait() {
    const every = document.hidden ? Math.max(this.every, HIDDEN_MS) : this.every;
    return Math.min(every * 2 ** this.failed, Math.max(every, FARTHEST_MS));
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      const headers = { "If-None-Match": this.tag };
      const answer = await fetch(this.getAttribute("src"), { headers, cache: "no-store", credentials: "same-origin" });
      this.failed = answer.ok || answer.status === 304 ? 0 : this.failed + 1;
      if (answer.status === 404 || answer.redirected) this.every = 0;
      else if (answer.status === 200) this.put(await answer.text(), answer.headers.get("ETag"));
    } catch {
      this.failed += 1; // the network is away: later, and less often
    }
    this.asking = false;
    this.plan();
  }

  put(text, tag) {
    const now = this.querySelector("[data-live]");
    if (now.querySelector("form[data-sent]")) return; // the next page comes with the answer
    const box = document.createElement("template");
    box.innerHTML = text;
    const next = box.content.querySelector("[data-live]");
    if (!next) return;
    const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
    now.replaceWith(next);
    window.htmx?.process(next);
    if (focused) next.querySelector(`#${CSS.escape(focused)}`)?.focus();
    this.tag = tag;
    this.every = Number(next.dataset.every);
    const said = this.querySelector("[data-live-said]");
    if (said && said.textContent !== next.dataset.said) said.textContent = next.dataset.said ?? "";
    this.dispatchEvent(new CustomEvent("live:changed", { bubbles: true, detail: next }));
  }
}

customElements.define("live-part", LivePart);
