// The keyboard: what each key does with the row at hand, and when it does nothing.

import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import * as state from "#app/state.js";
import { page } from "./memory.js";
import { begin } from "./world.js";

/** What is seen of the page: names of what is focused and clicked, in their order. @type {string[]} */
let seen;
/** The row that has the focus. @type {Place | null} */
let active;
/** @type {Place[]} */
let rows;

class Place {
  /** @param {string} name @param {boolean} [isField] */
  constructor(name, isField = false) {
    this.name = name;
    this.isField = isField;
    this.dataset = { id: name };
  }

  /** @param {string} selector */
  closest(selector) {
    return (selector === "[data-id]" ? !this.isField : this.isField) ? this : null;
  }

  querySelector() {
    return this;
  }

  focus() {
    seen.push(this.name);
    active = this;
  }

  click() {
    seen.push(`click ${this.name}`);
  }

  scrollIntoView() {}
}
class Field extends Place {}

Object.assign(globalThis, {
  Element: Place,
  HTMLElement: Place,
  HTMLInputElement: Field,
  CSS: { escape: (/** @type {string} */ text) => text },
  history: {
    pushState: (/** @type {any[]} */ ...[, , to]) => {
      location.hash = to;
    },
    replaceState: (/** @type {any[]} */ ...[, , to]) => {
      location.hash = to;
    },
  },
});
Object.defineProperty(page, "activeElement", { get: () => active });
Object.assign(page, {
  querySelectorAll: () => rows,
  querySelector: (/** @type {string} */ selector) =>
    rows.find(({ name }) => selector === `[data-id="${name}"] .title`) ?? null,
  getElementById: (/** @type {string} */ id) => new Field(id),
});

mock.timers.enable({ apis: ["setTimeout"] }); // of hold.js, which waits for the page
const { press } = await import("#app/keys.js");
const later = await import("#app/later.js");
mock.timers.reset();
later.moves.here.value = await import("#app/moves.js");
later.detail.here.value = /** @type {any} */ ({});

const HOME = ["party", "guests", "ann", "music", "soap"];
/** @type {any[]} */
let deeds;
let clock = 10_000;

beforeEach(() => {
  ({ deeds } = begin());
  [seen, active] = [[], null];
  see("list", "home");
});

afterEach(() => {
  state.dialog.value = "";
  state.shortcuts.set("on");
  mock.restoreAll();
});

/** @param {string} view @param {string} [of] @param {string} [todo] @param {string[]} [shown] */
function see(view, of = "", todo = "", shown = HOME) {
  location.hash = `#/${view}/${of}`;
  state.route.value = { view, of, todo, query: "", add: false };
  rows = shown.map((name) => new Place(name));
}

/** @param {string} id */
const at = (id) => {
  active = rows.find(({ name }) => name === id) ?? null;
};

/** Presses keys such as `Alt+ArrowUp`, a moment apart; gives whether the browser is kept from the last.
 * @param {string} keys @param {Record<string, any>} [more]
 */
function type(keys, more = {}) {
  let kept = false;
  for (const one of keys.split(" ")) {
    const parts = one.split("+");
    clock += 100;
    const event = {
      key: parts.at(-1),
      ctrlKey: parts.includes("Ctrl"),
      metaKey: parts.includes("Meta"),
      altKey: parts.includes("Alt"),
      shiftKey: parts.includes("Shift"),
      isComposing: false,
      defaultPrevented: false,
      target: active,
      timeStamp: clock,
      preventDefault: () => {
        kept = true;
      },
      ...more,
    };
    press(/** @type {any} */ (event));
  }
  return kept;
}

const short = () => deeds.splice(0).map(({ op, id }) => `${op} ${id}`);

test("a step goes to the next row, from nowhere to the first or the last, and never beyond", () => {
  type("j j");
  assert.deepEqual(seen.splice(0), ["party", "guests"]);
  type("k k");
  assert.deepEqual(seen.splice(0), ["party"]);
  active = null;
  type("k j");
  assert.deepEqual(seen.splice(0), ["soap"]);
  active = null;
  see("list", "home", "ann"); // the one that is open
  type("j");
  assert.deepEqual(seen, ["music"]);
});

test("a key acts on the row at hand, or on all that are selected", () => {
  at("soap");
  assert.equal(type("x"), true);
  assert.deepEqual(short(), ["finish soap"]);
  type("x");
  assert.deepEqual(short(), ["reopen soap"]);
  state.selection.value = new Set(["soap", "music"]);
  type("x");
  assert.deepEqual(short(), ["finish soap", "finish music"]);
  type("x");
  assert.deepEqual(short(), ["reopen soap", "reopen music"]);
  state.store.value?.commit([{ kind: "todo", id: "music", op: "finish" }]);
  short();
  type("x"); // some are open
  assert.deepEqual(short(), ["finish soap"]);
  state.selection.value = new Set();
  type("v");
  assert.deepEqual([...state.selection.value], ["soap"]);
  type("v f");
  assert.deepEqual([...state.selection.value, ...state.folded.value], ["soap"]);
  type("f e");
  assert.deepEqual([state.editing.value, state.folded.value.size], ["soap", 0]);
  state.editing.value = "";
  active = null;
  type("f v x");
  assert.deepEqual([state.folded.value.size, state.selection.value.size, short()], [0, 0, []]);
});

test("who moves a row to the trash is at the next one, or at the one before the last", () => {
  at("guests");
  type("#");
  assert.deepEqual([seen.splice(0), short()], [["ann"], ["trash guests"]]);
  at("soap");
  type("Delete");
  assert.deepEqual([seen.splice(0), short()], [["music"], ["trash soap"]]);
});

test("a key opens a field of the row at hand, or a part of the page", () => {
  for (const [key, name] of [
    ["d", "detail-due"],
    ["p", "detail-priority"],
    ["t", "detail-tag"],
    ["r", "detail-repeat"],
    ["l", "detail-list"],
    ["s", "detail-part"],
    ["m", "click detail-notes"],
    ["n", "capture"],
    ["q", "capture"],
  ]) {
    see("list", "home");
    at("soap");
    assert.equal(type(key ?? ""), true);
    const opened = "nq".includes(key ?? "") ? "" : "soap";
    assert.deepEqual([seen.splice(0), state.route.value.todo], [[name], opened], key);
  }
  active = null;
  see("list", "home");
  type("d");
  assert.deepEqual(seen, []);
  type("?");
  assert.equal(state.dialog.value, "help");
});

test("a key behind g goes to a view, for a second and a half and once", () => {
  for (const [keys, view] of [
    ["g i", "inbox"],
    ["g t", "today"],
    ["g u", "upcoming"],
    ["g f", "finished"],
    ["g s", "search"],
    ["/", "search"],
    ["Ctrl+k", "search"],
    ["Meta+k", "search"],
    ["g x t", "list"], // x is no view, and t alone opens a field
    ["g g i", "list"],
  ]) {
    see("list", "home");
    active = null;
    type(keys ?? "");
    assert.equal(state.route.value.view, view, keys);
    clock += 10_000;
  }
  for (const [after, view] of /** @type {[number, string][]} */ ([
    [1499, "inbox"],
    [1500, "list"],
  ])) {
    see("list", "home");
    assert.equal(type("g"), true);
    type("i", { timeStamp: clock + after });
    assert.equal(state.route.value.view, view, String(after));
    clock += 10_000;
  }
  assert.deepEqual(short(), []);
});

test("Escape leaves the selection first, then the places, then the to-do", () => {
  at("soap");
  state.selection.value = new Set(["soap"]);
  state.sidebar.value = true;
  state.open("soap");
  const left = () => [state.selection.value.size, state.sidebar.value, state.route.value.todo];
  const all = [0, 1, 2, 3].map(() => {
    assert.equal(type("Escape"), false);
    return left();
  });
  assert.deepEqual(all, [
    [0, true, "soap"],
    [0, false, "soap"],
    [0, false, ""],
    [0, false, ""],
  ]);
  assert.deepEqual(seen, ["soap"]);
});

test("undo and redo have the keys of all systems", () => {
  at("soap");
  type("x");
  short();
  for (const [keys, done] of [
    ["Ctrl+z", "reopen soap"],
    ["Ctrl+Shift+Z", "finish soap"],
    ["Meta+z", "reopen soap"],
    ["Ctrl+y", "finish soap"],
  ]) {
    assert.equal(type(keys ?? ""), true);
    assert.deepEqual(short(), [done], keys);
  }
});

test("Alt and an arrow moves the row, which keeps the focus", () => {
  for (const [key, moved] of /** @type {[string, any][]} */ ([
    ["Alt+ArrowUp", { position: "a1" }],
    ["Alt+ArrowRight", { parent: "party", position: "a4" }],
    ["Alt+ArrowDown", { position: "a8" }],
  ])) {
    ({ deeds } = begin());
    see("list", "home");
    at("soap");
    assert.equal(type(key), true);
    assert.deepEqual([deeds[0]?.fields, seen.splice(0)], [moved, ["soap"]], key);
  }
  deeds.length = 0;
  at("music");
  type("Alt+ArrowLeft");
  assert.deepEqual(deeds[0]?.fields, { parent: null, position: "a3" });
});

test("a key of somebody else does nothing, and the browser has it", () => {
  at("soap");
  const nothing = () => [
    short(),
    seen.splice(0),
    state.route.value.todo,
    state.selection.value.size,
  ];
  for (const more of [
    { isComposing: true },
    { defaultPrevented: true },
    { target: new Place("field", true) },
  ])
    for (const key of ["x", "Escape", "j", "Alt+ArrowUp", "Ctrl+z"]) {
      assert.equal(type(key, more), false);
      assert.deepEqual(nothing(), [[], [], "", 0], key);
    }
  state.dialog.value = "help";
  assert.equal(type("x"), false);
  assert.deepEqual(nothing(), [[], [], "", 0]);
  state.dialog.value = "";
  for (const key of ["Ctrl+x", "Meta+j", "Alt+x", "ArrowUp", "Ctrl+ArrowUp", "b"]) {
    assert.equal(type(key), false, key);
    assert.deepEqual(nothing(), [[], [], "", 0], key);
  }
  state.shortcuts.set("off");
  assert.equal(type("x"), false);
  assert.equal(type("Ctrl+k"), true);
  assert.equal(state.route.value.view, "search");
});
