// Runs before the first paint: says that scripts run, and restores a theme chosen by hand (none means: as the system).
document.documentElement.dataset.js = "";
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be closed to us; then the system decides.
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-theme-choice] input")) return;
  const theme = event.target.value;
  try {
    if (theme === "auto") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // As above: the choice then lasts for this page only.
  }
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
});

document.addEventListener("toggle", (event) => {
  const chosen = document.documentElement.dataset.theme ?? "auto";
  for (const input of event.target.querySelectorAll?.("[data-theme-choice] input") ?? []) input.checked = input.value === chosen;
}, true);
