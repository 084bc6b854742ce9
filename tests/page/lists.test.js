import assert from "node:assert/strict";
import { test } from "node:test";
import { counts, isLate, sections, week } from "#app/lists.js";
import { byPlace, placeBehind, places, placesInFront } from "#app/order.js";
import { read, write } from "#app/route.js";

const lists = /** @type {any[]} */ ([
  { id: "inbox", is_inbox: true, position: "a0" },
  { id: "home", is_inbox: false, position: "a1" },
]);

let number = 0;
/** @param {string} title @param {Record<string, any>} [more] */
function todo(title, more = {}) {
  number++;
  return /** @type {any} */ ({
    id: `t${number}`,
    title,
    notes: "",
    list: "inbox",
    status: "open",
    priority: 0,
    due: null,
    tags: [],
    position: `a${number}`,
    created_at: `2026-11-0${number % 9}T00:00:00Z`,
    finished_at: null,
    deleted_at: null,
    ...more,
  });
}

const due = (/** @type {string} */ on, /** @type {string | null} */ at = null) => ({
  due: { on, at, time_zone: null },
});
const done = (/** @type {string} */ moment) => ({ status: "finished", finished_at: moment });
const todos = [
  todo("late", due("2026-11-20")),
  todo("passed", due("2026-11-26", "08:00")),
  todo("evening", due("2026-11-26", "19:00")),
  todo("some time today", due("2026-11-26")),
  todo("tomorrow", due("2026-11-27")),
  todo("at home", { list: "home", tags: ["Café"], notes: "Straße" }),
  todo("orphan", { list: "gone" }),
  todo("done", { ...done("2026-11-25T23:30:00Z"), tags: ["Café"] }),
  todo("done before", done("2026-11-24T10:00:00Z")),
  todo("deleted", { deleted_at: "2026-11-26T01:00:00Z" }),
];
const data = {
  todos,
  lists,
  now: { on: "2026-11-26", at: "12:00" },
  zone: "Europe/Berlin",
  sort: "manual",
};

/** @param {string} hash @param {boolean} [finished] @param {string} [sort] */
const shown = (hash, finished = false, sort = "manual") =>
  sections(read(hash), { ...data, sort }, finished).map((part) => [
    part.kind + (part.day && ` ${part.day}`),
    part.todos.map(({ title }) => title),
  ]);

test("today has what is overdue first, then by time, days at the end", () => {
  assert.deepEqual(shown("#/today"), [
    ["overdue", ["late", "passed"]],
    ["today 2026-11-26", ["evening", "some time today"]],
  ]);
});

test("upcoming is by day, finished by the day where the person lives, latest first", () => {
  assert.deepEqual(shown("#/upcoming"), [
    ["day 2026-11-26", ["passed", "evening", "some time today"]],
    ["day 2026-11-27", ["tomorrow"]],
  ]);
  assert.deepEqual(shown("#/finished"), [
    ["finished 2026-11-26", ["done"]],
    ["finished 2026-11-24", ["done before"]],
  ]);
});

test("a to-do of a list that has gone is in the inbox; the trash is apart", () => {
  const [[, inbox]] = /** @type {any} */ (shown("#/inbox"));
  assert.ok(inbox.includes("orphan") && !inbox.includes("at home") && !inbox.includes("deleted"));
  assert.deepEqual(shown("#/list/home"), [["plain", ["at home"]]]);
  assert.deepEqual(shown("#/trash"), [["trash", ["deleted"]]]);
});

test("a tag in any spelling; finished ones if asked for", () => {
  assert.deepEqual(shown("#/tag/CAF%C3%89"), [["plain", ["at home"]]]);
  assert.deepEqual(shown("#/tag/caf%C3%A9", true), [
    ["plain", ["at home"]],
    ["finished", ["done"]],
  ]);
});

test("the search folds as the server does, over titles, notes and tags", () => {
  for (const words of ["STRASSE", "#café home", "ＨＯＭＥ"]) {
    assert.deepEqual(
      shown(write({ view: "search", query: words }))[0],
      ["plain", ["at home"]],
      words,
    );
  }
  assert.deepEqual(shown("#/search"), [["plain", []]]);
});

test("a list is sorted by what is chosen", () => {
  assert.deepEqual(shown("#/inbox", false, "title")[0]?.[1]?.[0], "evening");
  assert.deepEqual(shown("#/inbox", false, "due")[0]?.[1]?.slice(0, 2), ["late", "passed"]);
});

test("each order is its own, and equal ones keep their places", () => {
  const some = [
    todo("b", { priority: 1, position: "a3", created_at: "2026-11-03", ...due("2026-11-27") }),
    todo("a", { priority: 4, position: "a2", created_at: "2026-11-01" }),
    todo("c", { priority: 1, position: "a1", created_at: "2026-11-02", ...due("2026-11-26") }),
    todo("d", { priority: 1, position: "a0", created_at: "2026-11-01" }),
  ];
  const order = (/** @type {string} */ hash, /** @type {string} */ sort) =>
    sections(read(hash), { ...data, todos: some, sort }, false).map((part) =>
      part.todos.map(({ title }) => title).join(""),
    );
  assert.deepEqual(
    ["manual", "due", "priority", "title", "newest"].map((sort) => order("#/inbox", sort)[0]),
    ["dcab", "cbda", "adcb", "abcd", "bcda"],
  );
  assert.deepEqual(order("#/search?q=is:open", "title"), ["bcda"]); // the newest first
});

test("a place shows what is meant for it, and nothing else", () => {
  const late = due("2026-11-25");
  const some = [
    todo("late", late),
    todo("begins today", { ...late, start_on: "2026-11-26" }),
    todo("begins tomorrow", { ...late, start_on: "2026-11-27" }),
    todo("shopped", { ...late, ...done("2026-11-24T10:00:00Z"), tags: ["shop"] }),
    todo("gone", { ...late, deleted_at: "2026-11-24T10:00:00Z", tags: ["shop"] }),
    todo("gone since", { deleted_at: "2026-11-25T10:00:00Z" }),
  ];
  const own = { ...data, todos: some };
  const at = (/** @type {string} */ hash, query = "") =>
    sections({ ...read(hash), query }, own, false).map((part) => [
      part.kind,
      part.todos.map(({ title }) => title),
    ]);
  assert.deepEqual(at("#/today"), [
    ["overdue", ["late", "begins today"]],
    ["today", []],
  ]);
  assert.deepEqual(at("#/trash"), [["trash", ["gone since", "gone"]]]);
  assert.deepEqual(at("#/upcoming"), []);
  const found = [
    ["plain", []],
    ["finished", ["shopped"]],
  ];
  assert.deepEqual(at("#/search", "shopped"), found);
  assert.deepEqual(at("#/filter/f1", "tag:shop is:finished"), found);
  assert.deepEqual(at("#/filter/f1", "tag:shop"), [["plain", []]]);
  assert.deepEqual(
    some.map((one) => isLate(one, own.now, own.zone)),
    [true, true, true, false, true, false],
  );
  assert.deepEqual(counts(own), {
    lists: { inbox: 3 },
    tags: [],
    today: 2,
    days: { "2026-11-25": 3 },
  });
  assert.deepEqual(
    [week("2026-11-26").length, week("2026-11-26")[0], week("2026-11-26")[6]],
    [7, "2026-11-26", "2026-12-02"],
  );
});

test("counts are of open ones", () => {
  const { lists: inLists, tags, today, days } = counts(data);
  assert.deepEqual(
    [inLists, tags, today],
    [{ inbox: 6, home: 1 }, [{ name: "Café", count: 1 }], 4],
  );
  assert.equal(days["2026-11-27"], 1);
});

test("places lie between their neighbours, and the order is that of bytes, then of ids", () => {
  const [front] = placesInFront([{ id: "x", position: "a0" }]);
  const [middle] = places("a0", "a1");
  const behind = placeBehind([{ id: "x", position: "a0" }]);
  assert.deepEqual(
    [String(front) < "a0", "a0" < String(middle), String(middle) < "a1", behind],
    [true, true, true, "a1"],
  );
  assert.equal(places("a1", "a1").length, 1); // two that share a place
  const some = ["Zz", "a0", "a0V", "a0V", "a1"].map((position, id) => ({
    position,
    id: String(id),
  }));
  assert.deepEqual([...some].reverse().sort(byPlace), some);
});

test("an address is read as it was written, and nonsense is today", () => {
  const route = { view: "tag", of: "a/b %?#", todo: "t1", query: "", add: false };
  assert.deepEqual(read(write(route)), route);
  assert.deepEqual(
    [read("").view, read("#/nonsense").view, read("#/tag/%").of],
    ["today", "today", "%"],
  );
  assert.equal(read("#/todo/t1").todo, "t1");
});
