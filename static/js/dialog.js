// Dialogs: command="show-modal" for browsers that do not know it, a click on the backdrop closes, and data-open opens at load.
const native = "command" in HTMLButtonElement.prototype;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[commandfor]");
  if (button && !native) {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    const command = button.getAttribute("command");
    if (command === "show-modal" && !dialog.open) dialog.showModal();
    if (command === "close") dialog.close();
  }
  if (event.target.matches("dialog[open]")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

function openAsked(root) {
  for (const dialog of root.querySelectorAll?.("dialog[data-open]:not([open])") ?? []) dialog.showModal();
}

document.addEventListener("htmx:afterSettle", (event) => openAsked(event.target.parentElement ?? document));
openAsked(document);
