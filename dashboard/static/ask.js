"use strict";
// Streams an answer into the page. Text arrives as text; the finished answer arrives as HTML the server has rendered.

const composer = document.getElementById("composer");
const question = composer.elements.question;
const button = composer.querySelector("[type=submit]");
const errors = document.getElementById("composer-errors");
const turns = document.getElementById("turns");
const blank = document.getElementById("turn");

const LOST = "The connection was lost. Reload the page: if the answer was written, it is under Recent.";

class Refused extends Error {}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!button.disabled) ask();
});

question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

async function ask() {
  const asked = question.value;
  const form = new FormData(composer);
  const turn = begin(asked);
  try {
    const response = await fetch(composer.action, {
      method: "POST",
      body: form,
      headers: { Accept: "text/event-stream" },
    });
    await check(response);
    let isDone = false;
    for await (const { name, data } of events(response.body)) {
      show[name](turn, data);
      isDone = name === "done";
    }
    if (!isDone) throw new TypeError("the stream ended early");
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    turn.remove();
    question.value = asked;
    complain(error instanceof Refused ? error.message : LOST);
  } finally {
    button.disabled = false;
    question.focus({ preventScroll: true });
  }
}

function begin(asked) {
  button.disabled = true;
  errors.hidden = true;
  document.getElementById("playground").classList.remove("is-empty");
  const turn = blank.content.firstElementChild.cloneNode(true);
  turn.querySelector(".question").textContent = asked.trim();
  turns.append(turn);
  question.value = "";
  question.placeholder = "Ask a follow-up question";
  turn.scrollIntoView({ block: "start" });
  return turn;
}

const show = {
  retrieved(turn, { passages }) {
    const count = passages === 1 ? "one passage" : `${passages} passages`;
    turn.querySelector(".progress-note").textContent = `Found ${count}`;
  },
  delta(turn, { text }) {
    turn.querySelector(".progress-note").textContent = "Writing the answer";
    turn.querySelector(".answer").append(text);
  },
  done(turn, { html, conversation, url }) {
    composer.elements.conversation.value = conversation;
    history.replaceState(null, "", url);
    htmx.swap(turn, html, { swapStyle: "outerHTML" });
  },
};

async function check(response) {
  if (response.redirected) location.assign(response.url); // logged out meanwhile
  if (response.status === 422) throw new Refused((await response.json()).errors.join(" "));
  if (!response.ok) throw new Refused("The question could not be asked just now. Please try again in a moment.");
}

function complain(message) {
  const line = document.createElement("p");
  line.textContent = message;
  errors.replaceChildren(line);
  errors.hidden = false;
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    const frames = held.split("\n\n");
    held = frames.pop();
    for (const frame of frames) {
      const [, name, data] = frame.match(/^event: (\w+)\ndata: (.*)$/);
      yield { name, data: JSON.parse(data) };
    }
  }
}
