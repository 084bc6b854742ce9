// What views take from where they are, and what they make of a sentence.
import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, mock, test } from "node:test";
import * as state from "#app/state.js";
import { begin, the } from "./world.js";

mock.timers.enable({ apis: ["setTimeout"] }); // of hold.js, which waits for the page
const { given } = await import("#app/views/capture.js");
const { dueWords, ruleWords } = await import("#app/views/chips.js");
const { title } = await import("#app/views/header.js");
const { dayWords } = await import("#app/views/row.js");
const { initials } = await import("#app/views/sidebar.js");
const { learn, made, read, readLate } = await import("#app/views/understood.js");
const { byName } = await import("#app/sentence.js");
mock.timers.reset();

/** @type {any[]} */
let deeds;
const TODAY = { on: "2026-11-26", at: null, time_zone: null };
const around = (/** @type {any} */ more = {}) => ({
  given: {},
  moment: state.clock.value,
  refused: new Set(),
  ...more,
});

beforeEach(() => {
  ({ deeds } = begin());
  const me = { id: "me", time_zone: "UTC" };
  state.store.value?.all("profile").set("me", /** @type {any} */ (me));
  state.store.value?.changed();
});

afterEach(() => mock.restoreAll());

/** @param {string} view @param {string} [of] */
function see(view, of = "") {
  state.route.value = { view, of, todo: "", query: "", add: false };
}

test("a new to-do is of the place where it is written", () => {
  const places = /** @type {[string, string, any, string][]} */ ([
    ["inbox", "", { list: "inbox" }, "Inbox"],
    ["list", "home", { list: "home" }, "Home"],
    ["list", "unknown", { list: "unknown" }, "List"],
    ["tag", "shop", { tags: ["shop"] }, "#shop"],
    ["today", "", { due: TODAY }, "Today"],
    ["upcoming", "", { due: { ...TODAY, on: "2026-11-27" } }, "Upcoming"],
    ["filter", "soon", { list: "inbox" }, "Soon"],
    ["filter", "unknown", { list: "inbox" }, "Filter"],
    ["search", "", { list: "inbox" }, "Search"],
    ["finished", "", { list: "inbox" }, "Finished"],
    ["trash", "", { list: "inbox" }, "Trash"],
  ]);
  for (const [view, of, fields, name] of places) {
    see(view, of);
    assert.deepEqual([given(), title()], [fields, name], view);
  }
  state.store.value?.all("list").delete("inbox");
  assert.deepEqual(given(), {});
});

test("days, rules and names are told in words", () => {
  const days = ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28", "2027-01-01"];
  assert.deepEqual(
    days.map((on) => dayWords(on, "2026-11-26")),
    ["Tue, Nov 24", "Yesterday", "Today", "Tomorrow", "Sat, Nov 28", "Fri, Jan 1, 2027"],
  );
  assert.deepEqual(
    [dueWords(null), dueWords(TODAY), dueWords({ ...TODAY, at: "09:00" })],
    ["", "Today", "Today 9:00 AM"],
  );
  assert.deepEqual(
    [ruleWords(null), ruleWords("FREQ=DAILY"), ruleWords("FREQ=DAILY", "completion")],
    ["", "Every day", "Every day, after it is finished"],
  );
  assert.deepEqual(["Ann Bea Cleo", "ann.bea@example.com", "ann", "", "😀 x"].map(initials), [
    "AB",
    "AB",
    "A",
    "",
    "😀X",
  ]);
});

test("a sentence that is entered before quick add is read when it comes, if nothing has changed", () => {
  assert.throws(() => read("milk tomorrow", /** @type {any} */ (around())));
  const words = new URL("../../todos/quickadd/words.json", import.meta.url);
  learn(JSON.parse(readFileSync(words, "utf8")));
  const whole = { title: "call", list: "home", priority: 3, tags: ["shop", "work"] };
  assert.deepEqual(made("call @home #work !3", around({ given: { tags: ["shop"] } })), whole);
  assert.deepEqual(made("call tomorrow", around({ given: { list: "inbox", due: TODAY } })), {
    title: "call",
    list: "inbox",
    due: { ...TODAY, on: "2026-11-27" },
  });
  assert.deepEqual(made("#work", around()).title, "#work");
  assert.deepEqual(made("call @old", around()), { title: "call @old" }); // in the archive

  const put = (/** @type {string} */ id, /** @type {any} */ more) => {
    const todo = { ...the("milk"), id, tags: [], notes: "", ...more };
    state.store.value?.bases.set(`todo:${id}`, todo);
    state.store.value?.show(`todo:${id}`);
  };
  const long = `${"x".repeat(140)} tomorrow`;
  put("a", { title: "call tomorrow @home" });
  put("b", { title: "renamed since" });
  put("c", { title: "call tomorrow", deleted_at: "2026-11-26T12:00:00Z" });
  put("d", { title: `${long.slice(0, 127)}…`, notes: long });
  put("e", { title: "call @home", list: "home" });
  const unread = (/** @type {string} */ id, /** @type {string} */ text) => ({
    id,
    text,
    around: around(),
  });
  readLate([
    unread("a", " call tomorrow  @home "),
    unread("b", "call tomorrow"),
    unread("c", "call tomorrow"),
    unread("d", long),
    unread("e", "call @home"),
    unread("none", "call tomorrow"),
  ]);
  const due = { ...TODAY, on: "2026-11-27" };
  const title = `${"x".repeat(127)}…`;
  assert.deepEqual(
    deeds.map(({ id, op, fields }) => [id, op, fields]),
    [
      ["a", "update", { due, title: "call" }],
      ["a", "move", { list: "home", parent: null, position: "a0" }],
      ["d", "update", { due, notes: "x".repeat(140), title }],
      ["e", "update", { title: "call" }],
    ],
  );
});

test("of lists with the same name the first is meant, and none that is put away", () => {
  const list = (/** @type {string} */ id, /** @type {string} */ name, archived_at = "") =>
    /** @type {any} */ ({ id, name, archived_at });
  const named = byName([list("a", "Old", "2026"), list("b", "HOME"), list("c", "home")]);
  assert.deepEqual(
    [...named].map(([name, { id }]) => [name, id]),
    [["home", "b"]],
  );
});
