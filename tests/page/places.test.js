// Where to-dos stand, and lists, filters and tags: what the store gets, and what undo makes of it.

import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { indent, shift } from "#app/moves.js";
import { addPart, fits, makePart, moveOut, shiftPart } from "#app/parts.js";
import * as places from "#app/places.js";
import { isManual, isSorted, selectTo, shownTodos, sorting, toggleSelected } from "#app/shown.js";
import * as state from "#app/state.js";
import { done, redo, undo, undone } from "#app/undo.js";
import { begin, outcome, the } from "./world.js";

const HEAD = `${"x".repeat(127)}…`;
const LONG = `${"x".repeat(127)}yz`;

afterEach(() => {
  sorting().set("manual");
  if (state.folded.value.size) state.fold("party");
  mock.restoreAll();
});

/** @param {string} view @param {string} [of] @param {string} [todo] */
function see(view, of = "", todo = "") {
  state.route.value = { view, of, todo, query: "", add: false };
}

/** As the server says now. @param {string} id @param {Record<string, any>} more */
function tell(id, more) {
  state.store.value?.all("todo").set(id, { ...the(id), ...more });
}

/** A change in a view. @param {string} view @param {string} of @param {() => unknown} does */
const within = (view, of, does) => () => {
  see(view, of);
  does();
};

/** A to-do, moved to here, where it was before. @type {[() => unknown, string, any, any][]} */
const MOVES = [
  [
    () => makePart("soap", the("party")),
    "soap",
    { parent: "party", position: "a4" },
    { parent: null, position: "a5" },
  ],
  [
    () => makePart("milk", the("guests")),
    "milk",
    { parent: "guests", list: "home", position: "a2" },
    { parent: null, list: "inbox", position: "a1" },
  ],
  [
    () => moveOut(the("guests")),
    "guests",
    { parent: null, position: "a3" },
    { parent: "party", position: "a1" },
  ],
  [
    () => {
      tell("soap", { position: "a2V" });
      moveOut(the("guests"));
    },
    "guests",
    { parent: null, position: "a2G" },
    { parent: "party", position: "a1" },
  ],
  [
    () => moveOut(the("ann")),
    "ann",
    { parent: "party", position: "a2" },
    { parent: "guests", position: "a1" },
  ],
  [() => shiftPart(the("guests"), 1), "guests", { position: "a4" }, { position: "a1" }],
  [() => shiftPart(the("music"), -1), "music", { position: "a0" }, { position: "a3" }],
  [within("inbox", "", () => shift("milk", 1)), "milk", { position: "a3" }, { position: "a1" }],
  [within("inbox", "", () => shift("bread", -1)), "bread", { position: "a0" }, { position: "a2" }],
  [
    within("list", "home", () => shift("party", 1)),
    "party",
    { position: "a6" },
    { position: "a2" },
  ],
  [within("list", "home", () => shift("soap", -1)), "soap", { position: "a1" }, { position: "a5" }],
  [
    within("list", "home", () => shift("music", -1)),
    "music",
    { position: "a0" },
    { position: "a3" },
  ],
  [
    within("tag", "shop", () => {
      for (const id of ["party", "guests"]) tell(id, { tags: ["shop"] });
      shift("guests", 1); // milk is between it and what it stands below
    }),
    "guests",
    { position: "a1V" },
    { position: "a1" },
  ],
  [
    within("list", "home", () => indent("soap", 1)),
    "soap",
    { parent: "party", position: "a4" },
    { parent: null, position: "a5" },
  ],
  [
    within("list", "home", () => indent("music", 1)),
    "music",
    { parent: "guests", position: "a2" },
    { parent: "party", position: "a3" },
  ],
  [
    within("list", "home", () => indent("music", -1)),
    "music",
    { parent: null, position: "a3" },
    { parent: "party", position: "a3" },
  ],
];

test("a to-do that is moved goes to the place that is meant, and back", () => {
  for (const [does, id, there, before] of MOVES)
    assert.deepEqual(
      outcome(does),
      {
        made: [[`move todo ${id}`, there]],
        said: { text: "Moved", title: id, undo: true },
        back: [[`move todo ${id}`, before]],
      },
      String(does),
    );
});

test("what cannot be moved stays", () => {
  for (const does of [
    () => makePart("party", the("ann")),
    () => makePart("milk", the("ann")),
    () => makePart("milk", the("gone")),
    () => moveOut(the("milk")),
    () => shiftPart(the("guests"), -1),
    () => shiftPart(the("music"), 1),
    () => shiftPart(the("ann"), 1), // beside what is in the trash
    within("inbox", "", () => shift("milk", -1)),
    within("inbox", "", () => shift("bread", 1)),
    within("inbox", "", () => shift("tea", -1)), // finished
    within("inbox", "", () => shift("none", 1)),
    within("inbox", "", () => {
      sorting().set("title");
      tell("tea", { status: "open" });
      shift("tea", -1);
    }),
    within("inbox", "", () => {
      state.showsFinished.value = true;
      tell("milk", { status: "finished", finished_at: the("tea").finished_at });
      shift("tea", -1);
    }),
    within("list", "home", () => indent("lost", -1)),
    within("list", "home", () => indent("party", 1)),
    within("list", "home", () => indent("guests", 1)),
    within("trash", "", () => indent("gone", 1)),
    within("inbox", "", () => indent("none", 1)),
    () => addPart(the("party"), "  "),
    () => places.addList("  "),
    () => places.addFilter(" ", "tag:shop"),
    () => places.addFilter("Shop", "  "),
  ]) {
    assert.deepEqual(outcome(does), { made: [], said: undefined, back: [] }, String(does));
    sorting().set("manual");
    state.showsFinished.value = false;
  }
  assert.deepEqual([fits("milk", undefined), fits("milk", the("party"))], [false, true]);
});

/** @type {[() => unknown, string, string, any[], any[]][]} */
const CHANGES = [
  [
    () => addPart(the("party"), "  cake "),
    "",
    "",
    [["create todo new1", { title: "cake", list: "home", parent: "party", position: "a4" }]],
    [["trash todo new1"]],
  ],
  [
    () => addPart(the("guests"), LONG),
    "",
    "",
    [
      [
        "create todo new1",
        { title: HEAD, notes: LONG, list: "home", parent: "guests", position: "a2" },
      ],
    ],
    [["trash todo new1"]],
  ],
  [
    () => {
      for (const id of ["guests", "party"]) tell(id, { status: "finished" });
      makePart("soap", the("guests"));
    },
    "Moved",
    "soap",
    [["move todo soap", { parent: "guests", position: "a2" }]],
    [
      ["move todo soap", { parent: null, position: "a5" }],
      ["finish todo guests"],
      ["finish todo party"],
    ],
  ],
  [
    () => {
      for (const id of ["party", "soap"]) tell(id, { status: "finished" });
      makePart("soap", the("party"));
    },
    "Moved",
    "soap",
    [["move todo soap", { parent: "party", position: "a4" }]],
    [["move todo soap", { parent: null, position: "a5" }]],
  ],
  [
    () => places.addList(" Work  place "),
    "List added",
    "Work place",
    [["create list new1", { name: "Work place", position: "a3" }]],
    [["purge list new1"]],
  ],
  [
    () => places.changeList("home", { name: "Flat", color: "" }),
    "List changed",
    "",
    [["update list home", { name: "Flat", color: "" }]],
    [["update list home", { name: "Home", color: "#2b5fa8" }]],
  ],
  [
    () => places.addFilter(" Late ", " tag:shop ", "#123456"),
    "Filter saved",
    "Late",
    [["create filter new1", { name: "Late", query: "tag:shop", color: "#123456", position: "a1" }]],
    [["purge filter new1"]],
  ],
  [
    () => places.addFilter("Long", "x".repeat(501)),
    "Filter saved",
    "Long",
    [["create filter new1", { name: "Long", query: "x".repeat(500), color: "", position: "a1" }]],
    [["purge filter new1"]],
  ],
  [
    () => places.changeFilter("soon", { name: "Now" }),
    "Filter changed",
    "",
    [["update filter soon", { name: "Now" }]],
    [["update filter soon", { name: "Soon" }]],
  ],
  [
    () => places.changeTag("SHOP", { name: "market", color: "" }),
    "Tag changed",
    "",
    [["update tag t1", { name: "market", color: "" }]],
    [["update tag t1", { name: "shop", color: "#0b6e62" }]],
  ],
  [
    () => places.changeTag("new", { name: "market", color: "" }),
    "Tag changed",
    "",
    [["create tag new1", { name: "market", color: "" }]],
    [["purge tag new1"]],
  ],
];

test("the store gets whole deeds, and undo takes them back", () => {
  for (const [does, text, title, made, back] of CHANGES) {
    const said = text ? { text, title, undo: true } : undefined;
    assert.deepEqual(outcome(does), { made, said, back }, String(does));
  }
});

const ALL = ["soap", "party", "guests", "music", "ann", "towel"];

test("what is deleted for good takes its to-dos to where it was said, and cannot be undone", () => {
  const rest = ["purge list home", { todos: "move" }];
  for (const [does, text, made] of /** @type {[() => unknown, string, any[]][]} */ ([
    [
      () => places.removeList("home", false),
      "List deleted",
      [...ALL.map((id) => [`move todo ${id}`, { list: "inbox" }]), rest],
    ],
    [
      () => places.removeList("home", true),
      "List deleted",
      [...ALL.map((id) => [`trash todo ${id}`]), rest],
    ],
    [() => places.removeFilter("soon"), "Filter deleted", [["purge filter soon"]]],
    [() => places.removeTag("SHOP"), "Tag deleted", [["purge tag t1"]]],
    [() => places.removeTag("new"), "Tag deleted", []],
  ])) {
    const said = { text, title: "", undo: false };
    assert.deepEqual(outcome(does), { made, said, back: [] }, String(does));
  }
});

test("who deletes a list can undo nothing of before, who deletes a filter can", () => {
  begin();
  places.changeList("home", { name: "Flat" });
  places.removeFilter("soon");
  assert.equal(done.value.length, 1);
  places.removeList("home", false);
  assert.equal(done.value.length, 0);
});

test("what was added and taken back for good is not done again, nor offered to be", () => {
  const { deeds } = begin();
  places.changeFilter("soon", { name: "Now" });
  const id = places.addList("Work");
  places.changeList(id, { name: "Office" });
  undo();
  undo();
  assert.deepEqual([done.value.length, undone.value], [1, []]);
  deeds.length = 0;
  redo();
  assert.deepEqual(deeds, []);
  undo();
  redo();
  assert.deepEqual(state.toast.value, { text: "Filter changed", title: "", undo: true });
  assert.deepEqual([done.value.length, undone.value], [1, []]);
});

test("what somebody else has done meanwhile is done again without an undo of it", () => {
  const { store } = begin();
  places.changeList("home", { name: "Flat" });
  undo();
  assert.deepEqual(state.toast.value, { text: "Undone: List changed", title: "", undo: false });
  store.all("list").set("home", { ...store.get("list", "home"), name: "Flat" });
  redo();
  assert.deepEqual(state.toast.value, { text: "List changed", title: "", undo: false });
  assert.deepEqual([done.value, undone.value], [[], []]);
});

test("a view has its order, its rows, and those that are selected", () => {
  begin();
  const ids = (/** @type {string} */ id = "") => shownTodos(id).map((todo) => todo.id);
  see("list", "home");
  assert.deepEqual(
    [ids(), ids("none")],
    [["party", "guests", "ann", "music", "soap", "towel"], []],
  );
  state.fold("party");
  assert.deepEqual(ids(), ["party", "soap", "towel"]);
  state.fold("party");
  assert.deepEqual(ids("soap"), ["party", "guests", "ann", "music", "soap", "towel"]);
  see("list", "home", "guests");
  selectTo("music"); // from the one that is open
  selectTo("soap");
  assert.deepEqual([...state.selection.value], ["guests", "ann", "music", "soap"]);
  selectTo("party"); // up from the last
  assert.deepEqual([...state.selection.value], ["guests", "ann", "music", "soap", "party"]);
  toggleSelected("ann");
  assert.deepEqual([...state.selection.value], ["guests", "music", "soap", "party"]);
  state.selection.value = new Set(["soap", "party"]);
  selectTo("ann"); // down from the last
  assert.deepEqual([...state.selection.value], ["soap", "party", "guests", "ann"]);
  state.selection.value = new Set();
  see("list", "home");
  selectTo("music");
  assert.deepEqual([...state.selection.value], ["music"]);
  see("filter", "soon");
  assert.deepEqual(ids(), ["bread"]);
});

test("a person has an order of their own where they have chosen it, for each place", () => {
  begin();
  const can = () =>
    ["inbox", "list", "tag", "filter", "search", "today", "upcoming", "finished", "trash"].map(
      (view) => {
        see(view, "home");
        return [view, isSorted(view), isManual()];
      },
    );
  const others = ["search", "today", "upcoming", "finished", "trash"];
  assert.deepEqual(can(), [
    ["inbox", true, true],
    ["list", true, true],
    ["tag", true, true],
    ["filter", true, false],
    ...others.map((view) => [view, false, false]),
  ]);
  see("list", "home");
  sorting().set("title");
  assert.deepEqual([isManual(), localStorage.getItem("nudge.sort.list.home")], [false, "title"]);
  see("list", "old");
  assert.equal(isManual(), true);
  see("list", "home");
});
