// Files dropped on the form, or chosen in it, go up one by one, each with its progress. Without this the form still works.
"use strict";

const UNSENT = { refused: ["It could not be sent. Please try again."] };

document.querySelectorAll("[data-drop]").forEach((form) => {
  const input = form.querySelector('input[type="file"]');
  const list = form.querySelector(".drop-list");

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take([...input.files]);
    input.value = "";
  });
  ["dragover", "dragenter"].forEach((name) => form.addEventListener(name, (event) => {
    event.preventDefault();
    form.classList.add("is-over");
  }));
  ["dragleave", "drop"].forEach((name) => form.addEventListener(name, () => form.classList.remove("is-over")));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });

  async function take(files) {
    for (const file of files) await send(file);
    document.body.dispatchEvent(new Event("uploaded"));
  }

  function send(file) {
    const line = document.createElement("li");
    const bar = document.createElement("progress");
    const word = document.createElement("span");
    bar.max = 1;
    bar.setAttribute("aria-label", file.name);
    word.textContent = file.name;
    line.append(bar, word);
    list.append(line);
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.querySelector('[name="csrfmiddlewaretoken"]').value);
    body.append("collection", form.querySelector('[name="collection"]').value);
    body.append("files", file);
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => { bar.value = event.loaded / event.total; });
      request.addEventListener("loadend", () => {
        const told = request.status === 200 ? JSON.parse(request.responseText) : UNSENT;
        line.classList.toggle("bad", told.refused.length > 0);
        word.textContent = told.refused.length ? told.refused[0] : `${file.name}: sent`;
        bar.remove();
        done();
      });
      request.send(body);
    });
  }
});
