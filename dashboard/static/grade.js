// Grading by keyboard and by mouse: each choice says its key. What is answered in full is kept, and the next answer comes.
"use strict";

const LOOK_MS = 500; // nobody has read an answer sooner: keys and clicks that come before are of the one before
let shownAt = performance.now();

function isTooSoon() {
  return performance.now() - shownAt < LOOK_MS;
}

function formOf() {
  return document.querySelector("[data-grading]");
}

function isWhole(form) {
  const names = new Set([...form.querySelectorAll("input[type=radio]")].map((input) => input.name));
  return names.size > 0 && [...names].every((name) => form.querySelector(`input[name="${name}"]:checked`));
}

function keep(form) {
  if (!isWhole(form) || form.dataset.sent) return;
  form.querySelector("[data-keep]").click();
}

function press(target, form) {
  if (target.type === "radio") {
    target.checked = true;
    keep(form);
    return;
  }
  const needed = target.dataset.needs && document.getElementById(target.dataset.needs);
  if (needed && !needed.value.trim()) {
    needed.dataset.then = "s";
    needed.focus();
    return;
  }
  target.click();
}

function inNote(event, form) {
  if (event.key === "Escape") event.target.blur();
  if (event.key !== "Enter") return;
  event.preventDefault();
  const then = event.target.dataset.then;
  event.target.blur();
  if (then && event.target.value.trim()) press(form.querySelector(`[data-key="${then}"]`), form);
}

document.addEventListener("keydown", (event) => {
  const page = document.getElementById("grading");
  if (!page || event.ctrlKey || event.metaKey || event.altKey) return;
  const form = formOf();
  if (event.target.id === "note") {
    inNote(event, form);
    return;
  }
  if (event.repeat || form?.dataset.sent || isTooSoon()) return;
  const key = event.key.toLowerCase();
  if (key === "e" && form) {
    event.preventDefault();
    const note = document.getElementById("note");
    delete note.dataset.then;
    note.focus();
    return;
  }
  const target = page.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return;
  event.preventDefault();
  press(target, form);
});

// The second click of two is meant for the answer before. Clicks without detail come from keys, which have been looked at.
document.addEventListener(
  "click",
  (event) => {
    if (event.detail === 0 || !isTooSoon() || !event.target.closest("#grading :is(button, label, input)")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

// A click by the mouse; moving through the choices with the arrow keys clicks as well, with no detail.
document.addEventListener("click", (event) => {
  const label = event.target.closest("[data-grading] label.btn");
  const form = formOf();
  if (!label || !form || event.detail === 0) return;
  window.setTimeout(() => keep(form));
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-grading]")) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
document.addEventListener("htmx:afterSwap", () => {
  const title = document.querySelector("#grading h1");
  if (!title) return;
  shownAt = performance.now();
  title.focus({ preventScroll: true }); // what had the focus is gone; whoever listens hears the question
});
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);

// What could not be sent may be sent again.
function failed() {
  const form = formOf();
  if (form) delete form.dataset.sent;
}
