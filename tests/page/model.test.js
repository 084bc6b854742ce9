import assert from "node:assert/strict";
import { test } from "node:test";
import { applied, inverse, matters, replayed } from "#app/model.js";

/** @typedef {import("#app/model.js").Operation} Operation */

const base = {
  id: "t",
  version: 3,
  title: "milk",
  notes: "",
  status: "open",
  priority: 0,
  due: null,
  tags: ["a", "b"],
  position: "a1",
  list: "inbox",
  finished_at: null,
  deleted_at: null,
  updated_at: "2026-01-01T00:00:00Z",
};
const at = "2026-11-26T09:00:00Z";

/** @param {Operation["op"]} op @param {Record<string, any>} [fields] @returns {Operation} */
const did = (op, fields) => ({
  op_id: "o",
  kind: "todo",
  id: "t",
  op,
  at,
  ...(fields ? { fields } : {}),
});

const DEEDS = [
  did("update", { title: "oat milk", priority: 4, due: { on: "2026-12-01", at: null } }),
  did("update", { tags_added: ["c", "a"], tags_removed: ["b", "x"] }),
  did("move", { list: "home", position: "a2" }),
  did("finish"),
  did("trash"),
];

test("every deed is taken back by its inverse, also on top of each other", () => {
  for (const deed of DEEDS) {
    const back = inverse(base, deed);
    assert.ok(back, deed.op);
    const after = replayed(base, [deed, { ...deed, ...back }]);
    assert.deepEqual({ ...after, updated_at: base.updated_at }, base, deed.op);
  }
  /** @type {Operation[]} */
  const backs = [];
  let now = /** @type {any} */ (base);
  for (const deed of DEEDS) {
    backs.unshift({ ...deed, .../** @type {any} */ (inverse(now, deed)) });
    now = applied(now, deed);
  }
  assert.deepEqual({ ...replayed(now, backs), updated_at: base.updated_at }, base);
});

test("a deed shows in a new object and leaves the old one alone", () => {
  const before = structuredClone(base);
  const after = applied(base, did("finish"));
  assert.deepEqual([after?.status, after?.finished_at, after === base], ["finished", at, false]);
  assert.deepEqual(base, before);
});

test("what is made is open and empty but for what is given, and what is purged is gone", () => {
  const made = applied(undefined, did("create", { title: "tea", tags: ["x"] }));
  const common = { id: "t", created_at: at, updated_at: at, version: 0 };
  assert.deepEqual(made, {
    ...common,
    parent: null,
    title: "tea",
    notes: "",
    status: "open",
    priority: 0,
    due: null,
    start_on: null,
    recurrence: null,
    recurrence_from: "due",
    tags: ["x"],
    reminders: [],
    finished_at: null,
    deleted_at: null,
  });
  for (const [kind, own] of /** @type {[import("#app/model.js").Kind, any][]} */ ([
    ["list", { color: "", is_inbox: false, archived_at: null }],
    ["filter", { color: "" }],
    ["tag", { color: "" }],
  ]))
    assert.deepEqual(applied(undefined, { ...did("create"), kind }), { ...common, ...own });
  assert.equal(applied(base, did("purge")), undefined);
  assert.equal(applied(undefined, did("update", { title: "x" })), undefined);
});

test("a deed that changes nothing does not matter", () => {
  const deeds = [
    did("update", { title: "milk" }),
    did("reopen"),
    did("restore"),
    did("update", { tags_added: [], tags_removed: [] }),
  ];
  assert.deepEqual(
    deeds.map((deed) => matters(base, deed)),
    [false, false, false, false],
  );
  assert.deepEqual(
    DEEDS.map((deed) => matters(base, deed)),
    DEEDS.map(() => true),
  );
  const due = { on: "2026-12-01", at: null };
  assert.equal(matters({ ...base, due }, did("update", { due: { ...due } })), false);
  assert.equal(matters(undefined, did("finish")), false);
});
