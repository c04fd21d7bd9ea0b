// Ticks every row of a list at once, and says on the button how many are ticked.
(() => {
  const all = document.querySelector("[data-choose-all]");
  const button = document.querySelector("[data-choose-count]");
  if (!all || !button) return;
  const boxes = () => [...document.querySelectorAll("input[name=answer]")];
  const show = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    button.disabled = chosen === 0;
    button.textContent = chosen ? `Propose ${chosen} chosen as example${chosen === 1 ? "" : "s"}` : "Propose the chosen as examples";
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  };
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    boxes().forEach((box) => { box.checked = all.checked; });
    show();
  });
  document.addEventListener("change", (event) => { if (event.target.name === "answer") show(); });
  window.addEventListener("pageshow", show);
  show();
})();
