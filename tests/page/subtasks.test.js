import assert from "node:assert/strict";
import { test } from "node:test";
import { above, along, below, family, mayStand, progress, tree } from "#app/subtasks.js";

const NOON = "2026-11-26T12:00:00Z";
/** @param {string} id @param {string | null} parent @param {Record<string, any>} [more] @returns {[string, any]} */
const one = (id, parent, more = {}) => [
  id,
  { id, parent, position: id, status: "open", finished_at: null, deleted_at: null, ...more },
];
/** a, below it b and d, below b c; and e beside it. @param {Record<string, Record<string, any>>} [more] by id */
function todos(more = {}) {
  const stands = /** @type {[string, string | null][]} */ ([
    ["d", "a"],
    ["a", null],
    ["b", "a"],
    ["c", "b"],
    ["e", null],
  ]);
  return new Map(stands.map(([id, parent]) => one(id, parent, more[id])));
}

/** @param {string} op @param {string} id @param {Map<string, any>} some @param {Record<string, any>} [fields] */
const goes = (op, id, some, fields) =>
  along(/** @type {any} */ ({ kind: "todo", id, op, fields }), some.get(id), some).map(
    (deed) => `${deed.op} ${deed.id}${deed.fields ? ` ${JSON.stringify(deed.fields)}` : ""}`,
  );

test("what stands where is found, and where something may stand", () => {
  const some = todos();
  const kin = family(some.values());
  const names = (/** @type {{id: string}[]} */ found) => found.map(({ id }) => id).join("");
  assert.equal(names(below("a", kin)), "bcd");
  assert.equal(names(above(some.get("c"), some)), "ba");
  assert.deepEqual(progress("a", kin), { done: 0, all: 2 });
  const cut = todos({ b: { deleted_at: NOON } });
  assert.deepEqual([names(above(cut.get("c"), cut)), names(above(cut.get("b"), cut))], ["", "a"]);
  const ring = todos({ a: { parent: "c" } });
  assert.equal(names(above(ring.get("c"), ring)), "bac");
  const may = (/** @type {string} */ id, /** @type {string} */ parent) =>
    mayStand(id, some.get(parent), some, kin);
  assert.deepEqual(
    ["a a", "e e", "a c", "e c", "a e", "b d"].map((pair) => may(pair.slice(0, 1), pair.slice(2))),
    [false, false, false, false, false, false],
  );
  assert.ok(may("e", "b") && may("c", "e") && may("b", "e"));
});

test("a list shows each below its own, but what is folded", () => {
  const sorted = [...todos().values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const shown = (/** @type {string[]} */ folded) => {
    const { todos: found, levels } = tree(sorted, new Set(folded));
    return found.map(({ id }) => id + levels.get(id)).join(" ");
  };
  assert.equal(shown([]), "a0 b1 c2 d1 e0");
  assert.equal(shown(["b"]), "a0 b1 d1 e0");
  const lost = tree(sorted.slice(1), new Set());
  assert.equal(lost.todos.map(({ id }) => id + lost.levels.get(id)).join(" "), "b0 c1 d0 e0");
});

test("what the server changes along with a deed is known here", () => {
  const done = { status: "finished", finished_at: NOON };
  const gone = { deleted_at: NOON };
  assert.deepEqual(goes("finish", "a", todos({ d: done })), ["finish b", "finish c"]);
  assert.deepEqual(goes("finish", "a", todos({ d: gone })), ["finish b", "finish c"]);
  const early = { ...done, finished_at: "2026-11-25T12:00:00Z" };
  const finished = todos({ a: done, b: done, c: early, d: done });
  assert.deepEqual(goes("reopen", "a", finished), ["reopen b", "reopen d"]);
  assert.deepEqual(goes("reopen", "a", todos()), []);
  assert.deepEqual(goes("reopen", "c", finished), ["reopen b", "reopen a"]);
  assert.deepEqual(goes("trash", "b", todos()), ["trash c"]);
  assert.deepEqual(goes("restore", "a", todos({ a: gone, b: gone })), ["restore b"]);
  assert.deepEqual(goes("purge", "a", todos({ a: gone, d: gone })), ["purge d"]);
  assert.deepEqual(goes("move", "b", todos(), { list: "x" }), ['move c {"list":"x"}']);
  assert.deepEqual(goes("move", "e", finished, { parent: "b" }), ["reopen b", "reopen a"]);
  assert.deepEqual(goes("create", "f", finished, { parent: "d" }), ["reopen d", "reopen a"]);
  assert.deepEqual(goes("update", "e", todos(), { title: "x" }), []);
});
