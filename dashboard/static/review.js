// Reviewing by keyboard: each button says its key. Keys are left alone while somebody types.
"use strict";

document.addEventListener("keydown", (event) => {
  const page = document.querySelector("[data-review]");
  if (!page || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return; // a key that is held decides once
  const typing = event.target.closest("textarea, input, select");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    const pressed = { reason: "r", no_fact: "a" }[typing.id];
    if (event.key === "Enter" && pressed) {
      event.preventDefault();
      page.querySelector(`[data-key="${pressed}"]`).click();
    }
    return;
  }
  const key = event.key.toLowerCase();
  if ((key === "j" || key === "n") && page.dataset.after) {
    window.location.assign(key === "j" ? page.dataset.after : page.dataset.before);
    return;
  }
  const field = { x: "no_fact", p: "wanted" }[key];
  if (field && document.getElementById(field)) {
    event.preventDefault();
    document.getElementById(field).focus();
    return;
  }
  const button = page.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!button) return;
  event.preventDefault();
  press(button);
});

function press(button) {
  // What no passage says has to be ruled upon first: the field for it is there beside the claims.
  const ruling = button.value === "approve" && document.querySelector("[data-open-facts]") && document.getElementById("no_fact");
  if (ruling && !ruling.value.trim()) {
    ruling.focus();
    return;
  }
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

// What was typed goes with the decision; a draft that comes after it has nothing to be kept in.
document.addEventListener("submit", (event) => {
  if (event.target.id === "decide") event.target.dataset.decided = "yes";
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.closest("[data-decided]")) event.preventDefault();
});
