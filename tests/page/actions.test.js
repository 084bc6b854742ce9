// What the store gets for each change of to-dos, what a person is told, and what undo makes of it.

import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import {
  add,
  addAll,
  draft,
  finish,
  inList,
  postpone,
  rename,
  reopen,
  restore,
  tick,
  trash,
} from "#app/actions.js";
import { added, selection, sync } from "#app/state.js";
import { begin, outcome, provesAll, the } from "./world.js";

const HEAD = `${"x".repeat(127)}…`;
const LONG = `${"x".repeat(127)}yz`;
const FRIDAY = { on: "2026-11-27", at: null, time_zone: null };
const BREAD = { on: "2026-11-20", at: "08:00", time_zone: "Europe/Berlin" };

afterEach(() => mock.restoreAll());

const offline = () => {
  sync.value = /** @type {any} */ ({ standing: { peek: () => "offline" } });
};

/** What is done; what is said, before which title; what the store gets; what undo makes of it.
 * @type {[() => unknown, string, string, any[], any[]][]}
 */
const CHANGES = [
  [
    () => add(["  salt  "]),
    "",
    "",
    [["create todo new1", { position: "a0", list: "inbox", title: "salt" }]],
    [["trash todo new1"]],
  ],
  [
    () => add(["salt", " ", LONG], { list: "home", tags: ["x"] }),
    "2 to-dos added",
    "",
    [
      ["create todo new1", { position: "Zz", list: "home", title: "salt", tags: ["x"] }],
      ["create todo new2", { position: "a0", notes: LONG, list: "home", title: HEAD, tags: ["x"] }],
    ],
    [["trash todo new2"], ["trash todo new1"]],
  ],
  [
    () => addAll([{ title: "salt", list: "home" }, { title: "oil" }, { title: "a", list: "home" }]),
    "3 to-dos added",
    "",
    [
      ["create todo new1", { position: "Zz", list: "home", title: "salt" }],
      ["create todo new2", { position: "a0", list: "home", title: "a" }],
      ["create todo new3", { position: "a0", list: "inbox", title: "oil" }],
    ],
    [["trash todo new3"], ["trash todo new2"], ["trash todo new1"]],
  ],
  [() => finish(["milk"]), "Finished", "milk", [["finish todo milk"]], [["reopen todo milk"]]],
  [() => finish(["bread"]), "Finished", "bread", [["finish todo bread"]], [["reopen todo bread"]]],
  [
    () => [offline(), finish(["bread"])],
    "Finished; the next one comes after the next sync:",
    "bread",
    [["finish todo bread"]],
    [["reopen todo bread"]],
  ],
  [
    () => [offline(), finish(["milk"])],
    "Finished",
    "milk",
    [["finish todo milk"]],
    [["reopen todo milk"]],
  ],
  [
    () => finish(["party"]),
    "Finished with 3 subtasks:",
    "party",
    [["finish todo party"]],
    [["reopen todo party"]],
  ],
  [
    () => finish(["guests"]),
    "Finished with 1 subtask:",
    "guests",
    [["finish todo guests"]],
    [["reopen todo guests"]],
  ],
  [
    () => finish(["party", "milk", "tea"]),
    "3 to-dos finished",
    "",
    [["finish todo party"], ["finish todo milk"]],
    [["reopen todo milk"], ["reopen todo party"]],
  ],
  [() => reopen(["tea"]), "Open again", "tea", [["reopen todo tea"]], [["finish todo tea"]]],
  [
    () => reopen(["tea", "milk"]),
    "2 to-dos open again",
    "",
    [["reopen todo tea"]],
    [["finish todo tea"]],
  ],
  [() => tick(the("tea")), "Open again", "tea", [["reopen todo tea"]], [["finish todo tea"]]],
  [() => tick(the("milk")), "Finished", "milk", [["finish todo milk"]], [["reopen todo milk"]]],
  [
    () => trash(["milk"]),
    "Moved to the trash:",
    "milk",
    [["trash todo milk"]],
    [["restore todo milk"]],
  ],
  [
    () => trash(["party", "gone", "milk"]),
    "3 to-dos moved to the trash",
    "",
    [["trash todo party"], ["trash todo milk"]],
    [["restore todo milk"], ["restore todo party"]],
  ],
  [() => restore(["gone"]), "Restored", "gone", [["restore todo gone"]], [["trash todo gone"]]],
  [
    () => restore(["gone", "lost"]),
    "2 to-dos restored",
    "",
    [["restore todo gone"], ["restore todo lost"]],
    [["trash todo lost"], ["trash todo gone"]],
  ],
  [
    () => rename(draft(the("milk"), "title"), " oat  milk "),
    "Renamed",
    "oat milk",
    [["update todo milk", { title: "oat milk" }]],
    [["update todo milk", { title: "milk" }]],
  ],
  [
    () => rename({ ...draft(the("milk"), "title"), value: "of before" }, "oat milk"),
    "Renamed",
    "oat milk",
    [["update todo milk", { title: "oat milk" }, { base_version: 4 }]],
    [["update todo milk", { title: "milk" }]],
  ],
  [
    () => rename({ id: "milk", member: "title", value: "of before", version: 0 }, "oat milk"),
    "Renamed",
    "oat milk",
    [["update todo milk", { title: "oat milk" }]],
    [["update todo milk", { title: "milk" }]],
  ],
  [
    () => rename(draft(the("milk"), "title"), LONG),
    "Renamed",
    HEAD,
    [["update todo milk", { title: HEAD, notes: `${LONG}\n\ntwo` }]],
    [["update todo milk", { title: "milk", notes: "two" }]],
  ],
  [
    () => rename(draft(the("soap"), "title"), LONG),
    "Renamed",
    HEAD,
    [["update todo soap", { title: HEAD, notes: LONG }]],
    [["update todo soap", { title: "soap", notes: "" }]],
  ],
  [
    () => postpone(["milk"], "2026-11-27"),
    "Rescheduled",
    "milk",
    [["update todo milk", { due: FRIDAY }]],
    [["update todo milk", { due: null }]],
  ],
  [
    () => postpone(["bread", "milk"], "2026-11-27"),
    "2 to-dos rescheduled",
    "",
    [
      ["update todo bread", { due: { ...BREAD, on: "2026-11-27" } }],
      ["update todo milk", { due: FRIDAY }],
    ],
    [
      ["update todo milk", { due: null }],
      ["update todo bread", { due: BREAD }],
    ],
  ],
];

test("the store gets whole deeds, a person is told, and undo takes all of it back", () => {
  for (const one of CHANGES) provesAll(one);
});

test("what changes nothing is neither stored nor said", () => {
  for (const does of [
    () => add([" ", ""]),
    () => rename(draft(the("milk"), "title"), " milk "),
    () => rename(draft(the("milk"), "title"), "  "),
    // what was left as it was is not written over what somebody else has written since
    () => rename({ ...draft(the("milk"), "title"), value: "of before" }, "of before"),
    () => finish(["tea"]),
  ])
    assert.deepEqual(outcome(does), { made: [], said: undefined, back: [] }, String(does));
});

test("a new to-do is announced, unless it is said otherwise; its id is given", () => {
  begin();
  assert.deepEqual(add(["salt"]), ["new1"]);
  assert.deepEqual(added.value, { id: "new1", title: "salt" });
  begin();
  assert.deepEqual(add(["salt", "oil"]), ["new1", "new2"]);
  assert.equal(added.value, undefined);
});

test("what goes to the trash is no longer selected", () => {
  begin();
  selection.value = new Set(["milk", "soap", "tea"]);
  trash(["milk", "tea"]);
  assert.deepEqual([...selection.value], ["soap"]);
});

test("the inbox has what is of no list that is known, and no list has what is in the trash", () => {
  const { store } = begin();
  store.all("todo").set("stray", { ...the("milk"), id: "stray", list: "unknown" });
  const ids = (/** @type {string} */ list) => inList(list).map(({ id }) => id);
  assert.deepEqual(ids("inbox"), ["tea", "bread", "milk", "stray"]);
  assert.deepEqual(ids("home"), ["soap", "party", "guests", "music", "ann", "towel"]);
});
