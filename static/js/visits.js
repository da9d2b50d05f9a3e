// <visit-note page="pricing">: tells the store that a page was looked at, where that was allowed, and asks once where it was not
// said. A browser that wants not to be watched is neither asked nor told of.
class VisitNote extends HTMLElement {
  connectedCallback() {
    const wishesNot = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
    this.addEventListener("click", (event) => this.choose(event.target.closest("button[value]")));
    this.show(wishesNot ? "never" : this.kept());
    if (!wishesNot && this.kept() === "yes") this.tell();
  }

  kept() {
    const found = document.cookie.match(/(?:^|; )visits=([^;]+)/)?.[1];
    return found ? (found === "no" ? "no" : "yes") : "";
  }

  show(state) {
    this.hidden = !this.hasAttribute("always") && (state !== "" || !this.firstElementChild);
    for (const part of this.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(state || "open");
  }

  async choose(button) {
    if (!button) return;
    await fetch(this.getAttribute("choice"), { method: "POST", body: new URLSearchParams({ may: button.value }) });
    this.show(this.kept());
    if (this.kept() === "yes") this.tell();
  }

  tell() {
    const page = this.getAttribute("page");
    if (!page) return;
    fetch(this.getAttribute("src"), { method: "POST", body: new URLSearchParams({ page }), keepalive: true }).catch(() => {});
  }
}

customElements.define("visit-note", VisitNote);
