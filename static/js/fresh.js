// Whoever comes back from another tab sees what is so now: pages with something under way are read again (components/fresh.html).
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  document.querySelectorAll("[data-fresh]").forEach((element) => window.htmx.trigger(element, "fresh"));
});
