// Reviewing by keyboard: each button says its key. Keys are left alone while somebody types.
"use strict";

document.addEventListener("keydown", (event) => {
  const page = document.querySelector("[data-review]");
  if (!page || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("textarea, input, select");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    if (event.key === "Enter" && typing.id === "reason") {
      event.preventDefault();
      page.querySelector('[data-key="r"]').click();
    }
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "j" || key === "n") {
    window.location.assign(key === "j" ? page.dataset.after : page.dataset.before);
    return;
  }
  const button = page.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!button) return;
  event.preventDefault();
  press(button);
});

function press(button) {
  const needed = button.dataset.needs && document.getElementById(button.dataset.needs);
  if (needed && !needed.value.trim()) {
    needed.focus();
    return;
  }
  if (button.dataset.focus) {
    document.getElementById(button.dataset.focus).focus();
    return;
  }
  button.click();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-focus]");
  if (button) document.getElementById(button.dataset.focus).focus();
});
