// Messages float and leave by themselves; errors and warnings stay until closed. Hovering or focus holds them.
const STAY_MS = 6000;

function leave(toast) {
  toast.dataset.leaving = "";
  const gone = () => toast.remove();
  toast.addEventListener("transitionend", gone, { once: true });
  setTimeout(gone, 400);
}

function arrive(toast) {
  if (toast.dataset.arrived !== undefined) return;
  toast.dataset.arrived = "";
  if (toast.dataset.tone === "error" || toast.dataset.tone === "warning") return;
  const later = () => setTimeout(() => (toast.matches(":hover, :focus-within") ? later() : leave(toast)), STAY_MS);
  later();
}

function arriveAll() {
  document.querySelectorAll(".toast").forEach(arrive);
}

document.addEventListener("click", (event) => {
  const close = event.target.closest(".toast__close");
  if (close) leave(close.closest(".toast"));
});
document.addEventListener("htmx:afterSettle", arriveAll);
document.addEventListener("htmx:oobAfterSwap", arriveAll);
arriveAll();
