"use strict";
// Sources open in a panel beside the answer. Without this script, or in a new tab, the same address is a page.

const panel = document.getElementById("passage");

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.cite, a.source");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  await htmx.ajax("GET", link.getAttribute("href"), { target: "#passage-body", swap: "innerHTML" });
  panel.showModal();
  panel.scrollTop = 0;
});

panel.addEventListener("click", (event) => {
  if (event.target === panel) panel.close(); // the backdrop
});
