import assert from "node:assert/strict";
import { test } from "node:test";
import { finds, parse, typed } from "#app/query.js";
import { Renames } from "#app/renames.js";

const around = {
  now: { on: "2026-11-26", at: "12:00" },
  zone: "Europe/Berlin",
  listName: (/** @type {any} */ todo) => todo.list,
};
const NOTHING = { notes: "", tags: [], list: "Inbox", due: null, priority: 0, status: "open" };
const on = (/** @type {string} */ day, /** @type {string | null} */ at = null) => ({
  due: { on: day, at, time_zone: null },
});
const TODOS = /** @type {any[]} */ ([
  { ...NOTHING, title: "Straße fegen", tags: ["Zu Hause"], list: "My List" },
  {
    ...NOTHING,
    title: "milk two litres",
    notes: "of strasse",
    priority: 3,
    ...on("2026-11-26"),
    start_on: "2026-11-26",
  },
  { ...NOTHING, title: "passed", ...on("2026-11-26", "09:00"), priority: 4, tags: ["shop"] },
  { ...NOTHING, title: "not yet", ...on("2026-11-26"), start_on: "2026-11-27" },
  { ...NOTHING, title: "done", status: "finished", ...on("2026-11-20") },
  { ...NOTHING, title: "tomorrow", ...on("2026-11-27") },
  {
    ...NOTHING,
    title: "in Tokyo",
    due: { on: "2026-11-27", at: "02:00", time_zone: "Asia/Tokyo" },
  },
]);

/** @param {string} query */
const found = (query) => {
  const { terms, bad } = parse(query);
  assert.deepEqual(bad, []);
  return TODOS.filter(finds(terms, around)).map(({ title }) => title);
};

test("a query finds what the server finds", () => {
  const wanted = {
    strasse: ["Straße fegen", "milk two litres"],
    '"two litres"': ["milk two litres"],
    'milk "litres two"': [],
    'TAG:"zu hause"': ["Straße fegen"],
    "tag:zu": [],
    'list:"my list"': ["Straße fegen"],
    "due:overdue": ["passed"],
    "due:today": ["milk two litres", "passed", "in Tokyo"],
    "due:upcoming": ["tomorrow"],
    "due:none": ["Straße fegen"],
    "due:2026-11-20": ["done"],
    "priority:3,4 is:open": ["milk two litres", "passed"],
    "IS:Finished": ["done"],
    "other:word": [],
    "": TODOS.map(({ title }) => title),
  };
  for (const [query, titles] of Object.entries(wanted))
    assert.deepEqual(found(query), titles, query);
});

test("what makes no sense is named", () => {
  const days = ["due:2026-02-30", "due:1899-12-31", "due:9999-01-01"];
  const wrong = ["due:tomorow", ...days, "tag:", 'tag:" "', "priority:5", "is:late"];
  for (const query of ["due:1900-01-01", "due:9998-12-31", "a ".repeat(100), "tag:a ".repeat(20)])
    assert.deepEqual(parse(query).bad, [], query);
  for (const query of wrong) assert.deepEqual(parse(`milk ${query}`).bad, [query], query);
  assert.deepEqual(parse('tag:"open').bad, ['tag:"']);
  assert.equal(parse("a ".repeat(101)).bad.length, 1);
  assert.equal(parse("tag:a ".repeat(21)).bad.length, 1);
  assert.equal(typed("#shop milk a#b "), "shop milk a#b");
});

test("a tag that is renamed here is shown so on every to-do until the server says it", () => {
  const renames = new Renames();
  const todo = /** @type {any} */ ({ id: "1", version: 1, tags: ["a", "b"] });
  assert.deepEqual(renames.note("t", "a", "a"), []);
  assert.equal(renames.applied(todo), todo);
  assert.deepEqual(renames.note("t", "a", "c"), ["a"]);
  assert.deepEqual(renames.applied(todo).tags, ["b", "c"]);
  assert.deepEqual(renames.note("t", "a", "c"), []);
  assert.deepEqual(renames.note("t", "a", undefined), ["a", "a"]);
  assert.deepEqual(renames.applied(todo).tags, ["b"]);
  assert.deepEqual(renames.note("t", "c", "c"), ["a"]);
  assert.equal(renames.applied(todo), todo);
  assert.deepEqual(renames.note("new", undefined, "x"), []);
});
