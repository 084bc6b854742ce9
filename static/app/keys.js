// The keyboard: single keys act on the focused row, and never while the user types.
import { finish, reopen, tick, trash } from "#app/actions.js";
import { detail, moves } from "#app/later.js";
import { toggleSelected } from "#app/shown.js";
import * as state from "#app/state.js";
import { redo, undo } from "#app/undo.js";
import { focusCapture } from "#app/views/capture.js";
import { atOnce } from "#app/views/html.js";
import { closeDetail, editTitle, focusRow } from "#app/views/row.js";

const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".rows [data-id]")]);

/** The focused or open row. */
function current() {
  const row = document.activeElement?.closest("[data-id]");
  return (row instanceof HTMLElement && row.dataset.id) || state.route.value.todo;
}

/** @param {number} by */
function step(by) {
  const some = rows();
  const at = some.findIndex((row) => row.dataset.id === current());
  const next = some[at < 0 ? (by > 0 ? 0 : some.length - 1) : at + by];
  const title = next?.querySelector(".title");
  if (!(title instanceof HTMLElement)) return;
  title.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Moves the focus to the neighbour before a row disappears. */
function stepAway() {
  const some = rows();
  const at = some.findIndex((row) => row.dataset.id === current());
  const title = (some[at + 1] ?? some[at - 1])?.querySelector(".title");
  if (title instanceof HTMLElement) title.focus();
}

/** Opens the to-do and focuses one of its fields. @param {string} id */
function field(id) {
  return () => {
    const todo = current();
    if (!todo) return;
    void detail.use(() => {
      atOnce(() => state.open(todo));
      const found = document.getElementById(id);
      if (id === "detail-notes") atOnce(() => found?.click());
      else found?.focus();
    });
  };
}

/** The selected to-dos, or the current one. */
function chosen() {
  const some = [...state.selection.value];
  const one = current();
  return some.length ? some : one ? [one] : [];
}

function toggle() {
  const ids = chosen();
  const todos = ids.map((id) => state.store.value?.get("todo", id)).filter(Boolean);
  if (todos.length === 1) return tick(todos[0]);
  return todos.some((todo) => todo.status === "open") ? finish(ids) : reopen(ids);
}

const search = () => atOnce(() => state.go({ view: "search" }));

/** @type {Record<string, () => unknown>} */
const SINGLE = {
  n: focusCapture,
  q: focusCapture,
  "/": search,
  j: () => step(1),
  k: () => step(-1),
  x: () => toggle(),
  e: () => editTitle(current()),
  d: field("detail-due"),
  p: field("detail-priority"),
  t: field("detail-tag"),
  r: field("detail-repeat"),
  l: field("detail-list"),
  m: field("detail-notes"),
  s: field("detail-part"),
  f: () => current() && state.fold(current()),
  v: () => current() && toggleSelected(current()),
  "#": () => {
    const ids = chosen();
    stepAway();
    trash(ids);
  },
  "?": () => {
    atOnce(() => {
      state.dialog.value = "help";
    });
  },
};
SINGLE.Delete = /** @type {() => unknown} */ (SINGLE["#"]);

/** @type {Record<string, string>} */
const GO = { i: "inbox", t: "today", u: "upcoming", f: "finished", s: "search" };
let going = Number.NEGATIVE_INFINITY; // when `g` was pressed, as an event timestamp

/** @param {EventTarget | null} target */
function types(target) {
  return (
    target instanceof Element &&
    Boolean(
      target.closest(
        "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]",
      ),
    )
  );
}

function leave() {
  if (state.selection.value.size) state.selection.value = new Set();
  else if (state.sidebar.value) state.sidebar.value = false;
  else if (state.route.value.todo) closeDetail();
}

/** @type {Record<string, (event: KeyboardEvent) => unknown>} */
const WITH_CTRL = {
  z: (event) => (event.shiftKey ? redo() : undo()),
  y: redo,
  k: search,
};

/** @param {1 | -1} by @param {"shift" | "indent"} [how] */
function move(by, how = "shift") {
  const id = current();
  void moves.use((it) => {
    atOnce(() => it[how](id, by));
    focusRow(id);
  });
}

/** @param {KeyboardEvent} event @returns {(() => unknown) | undefined} */
function combined(event) {
  const { key } = event;
  const act = event.ctrlKey || event.metaKey ? WITH_CTRL[key.toLowerCase()] : undefined;
  if (act) return () => act(event);
  if (event.altKey && key === "ArrowUp") return () => move(-1);
  if (event.altKey && key === "ArrowDown") return () => move(1);
  if (event.altKey && key === "ArrowRight") return () => move(1, "indent");
  if (event.altKey && key === "ArrowLeft") return () => move(-1, "indent");
  return undefined;
}

/** @param {string} key @param {number} at @returns {(() => unknown) | undefined} */
function alone(key, at) {
  if (at - going < 1500) {
    going = Number.NEGATIVE_INFINITY;
    const view = GO[key];
    return view ? () => state.go({ view }) : undefined;
  }
  if (key !== "g") return SINGLE[key];
  going = at;
  return () => undefined;
}

/** @param {KeyboardEvent} event */
export function press(event) {
  if (event.isComposing || event.defaultPrevented || state.dialog.value) return;
  if (types(event.target)) return;
  if (event.key === "Escape") return leave();
  const plain = !(event.ctrlKey || event.metaKey || event.altKey);
  const single = plain && state.shortcuts.value.value === "on";
  const act = single ? alone(event.key, event.timeStamp) : combined(event);
  if (!act) return;
  event.preventDefault();
  act();
}
