"use strict";
// Loaded in the head, before anything is drawn, so that a chosen theme never flashes in the other one.

const root = document.documentElement;
root.classList.add("js");

try {
  const chosen = localStorage.getItem("theme");
  if (chosen) root.dataset.bsTheme = chosen;
} catch {
  // A browser that stores nothing follows the system.
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.bsTheme = (root.dataset.bsTheme || system) === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.bsTheme);
  } catch {
    // It holds for this page at least.
  }
});
