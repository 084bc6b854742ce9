// What htmx leaves open on the to-do page: Escape, the focus, typing on while a request is under way.
const add = document.getElementById("add");
const list = () => document.getElementById("todos");
const messages = document.getElementById("messages");
let sent = ""; // the title under way
let row = 0; // where in the list the last request came from
let offered = null; // the "Undo" that was there before it

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  event.target.closest(".edit")?.querySelector("[data-cancel]").click();
});

// The field is free at once for the next title; what is typed meanwhile survives the answer.
add.addEventListener("htmx:beforeSend", () => {
  sent = add.elements.title.value;
  add.elements.title.value = "";
});

add.addEventListener("htmx:beforeSwap", (event) => {
  const typed = add.elements.title.value;
  if (event.detail.xhr.status !== 200) return;
  add.addEventListener("htmx:afterSwap", () => (add.elements.title.value = typed), { once: true });
});

function giveBack(event) {
  if (event.target === add && add.elements.title.value === "") add.elements.title.value = sent;
}

// Somewhere else than asked for: the session has ended and this is the log-in page.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, pathInfo } = event.detail;
  const asked = new URL(pathInfo.requestPath, location.href).pathname;
  if (xhr.responseURL && new URL(xhr.responseURL).pathname !== asked) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    giveBack(event);
    messages.replaceChildren(document.getElementById("trouble").content.cloneNode(true));
  });
}

// A control that has gone must not take the focus with it: to "Undo", else to the row in its place.
document.addEventListener("htmx:beforeRequest", (event) => {
  row = [...list().children].indexOf(event.target.closest("#todos > li"));
  offered = document.getElementById("undo");
});

document.addEventListener("htmx:afterRequest", () => {
  if (document.activeElement !== document.body) return;
  const rows = list().querySelectorAll(".tick");
  const next = rows[Math.min(Math.max(row, 0), rows.length - 1)];
  const undo = document.getElementById("undo");
  ((undo !== offered && undo) || next || add.elements.title).focus();
});
