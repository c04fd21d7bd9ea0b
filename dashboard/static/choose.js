// Ticks every row of a list at once, and says on the buttons how many are ticked.
(() => {
  const all = document.querySelector("[data-choose-all]");
  const buttons = [...document.querySelectorAll("[data-choose-count]")];
  if (!all || !buttons.length) return;
  for (const button of buttons) button.dataset.plain = button.textContent.trim();
  const boxes = () => [...document.querySelectorAll("input[name=answer]")];
  const said = (button, chosen) =>
    chosen ? button.dataset.chooseCount.replace("#", chosen) + (chosen === 1 ? "" : "s") : button.dataset.plain;
  const show = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    for (const button of buttons) {
      button.disabled = chosen === 0;
      button.textContent = said(button, chosen);
    }
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
