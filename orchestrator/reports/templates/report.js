"use strict";
// The page says everything without this. It adds: which task a letter stands for, a filter, and open details on paper.
const told = document.getElementById("told");
const cursor = document.createElement("span");
cursor.className = "cursor";

function point(row, column) {
  const cell = row.querySelector(".cells"), table = row.closest("table");
  const letters = cell.textContent;
  if (column < 0 || column >= letters.length) return false;
  const task = document.getElementById(table.dataset.tasks + "-" + (column + 1));
  const word = table.dataset[{ ".": "ok", "-": "skipped", C: "changed", F: "failed", I: "ignored", U: "unreachable", R: "retried" }[letters[column]] || "none"];
  told.textContent = `${(row.querySelector(".hosts summary") || row.querySelector(".hosts")).textContent} · ${column + 1} ${task ? task.textContent : ""} · ${word}`;
  const box = cell.firstElementChild.getBoundingClientRect(), home = table.parentElement, place = home.getBoundingClientRect();
  const width = box.width / letters.length;
  cursor.style.cssText = `left:${box.left - place.left + home.scrollLeft + width * column}px;top:${box.top - place.top}px;width:${width}px;height:${box.height}px`;
  home.append(cursor);
  Object.assign(home, { row, column });
  const at = box.left - place.left + width * column, names = row.cells[0].offsetWidth;
  if (at < names) home.scrollLeft -= names - at + 40; else if (at > home.clientWidth - 20) home.scrollLeft += at - home.clientWidth + 60;
  return true;
}

for (const home of document.querySelectorAll(".matrix")) {
  const rows = () => [...home.querySelectorAll("tbody tr")].filter((row) => !row.hidden);
  home.addEventListener("click", (event) => {
    const cell = event.target.closest(".cells"), row = event.target.closest("tbody tr");
    if (!cell || !row) return;
    const box = cell.firstElementChild.getBoundingClientRect();
    point(row, Math.floor((event.clientX - box.left) / (box.width / cell.textContent.length)));
  });
  home.addEventListener("keydown", (event) => {
    if (event.target !== home) return;
    const all = rows(), at = all.indexOf(home.row), column = home.column || 0;
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (event.key === "Escape") { told.textContent = ""; cursor.remove(); home.row = undefined; }
    if (!step || !all.length) return;
    const row = at < 0 ? all[0] : all[Math.min(all.length - 1, Math.max(0, at + step[0]))];
    if (at < 0 ? point(row, 0) : point(row, column + step[1])) row.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  });
}

const filter = document.getElementById("filter");
if (filter) {
  filter.hidden = false;
  filter.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    told.textContent = "";
    cursor.remove();
    for (const one of document.querySelectorAll("[data-filter]")) one.hidden = !one.querySelector(".hosts").textContent.toLowerCase().includes(wanted);
  });
}

let opened = [];
addEventListener("beforeprint", () => { opened = [...document.querySelectorAll("details:not([open])")]; for (const one of opened) one.open = true; });
addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
