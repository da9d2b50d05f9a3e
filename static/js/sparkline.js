// [data-sparkline]: reads its points out of its own table, under the pointer and by the arrow keys.
function readOut(figure, at) {
  const rows = figure.querySelectorAll("tbody tr");
  const i = Math.min(Math.max(at, 0), rows.length - 1);
  const svg = figure.querySelector("svg");
  const { width, height } = svg.viewBox.baseVal;
  const points = svg.querySelector(".sparkline__line").getAttribute("d").slice(1).split(" L")[i].split(" ");
  figure.dataset.at = i;
  svg.querySelector(".sparkline__dot").setAttribute("d", `M${Math.min(points[0], width)} ${Math.min(points[1], height)}h.01`);
  figure.querySelector("output").textContent = [...rows[i].children].map((cell) => cell.textContent).join(": ");
}

document.addEventListener("pointermove", (event) => {
  const svg = event.target.closest?.("[data-sparkline] svg");
  if (!svg) return;
  const figure = svg.closest("[data-sparkline]");
  const box = svg.getBoundingClientRect();
  const last = figure.querySelectorAll("tbody tr").length - 1;
  readOut(figure, Math.round(((event.clientX - box.left) / box.width) * last));
});

document.addEventListener("keydown", (event) => {
  const figure = event.target.closest?.("[data-sparkline]");
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!figure || !step || !event.target.matches("svg")) return;
  const last = figure.querySelectorAll("tbody tr").length - 1;
  readOut(figure, Number(figure.dataset.at ?? last) + step);
  event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  if (!event.target.matches?.("[data-sparkline] svg")) return;
  const figure = event.target.closest("[data-sparkline]");
  readOut(figure, Number(figure.dataset.at ?? Infinity));
});
