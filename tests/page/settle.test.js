import assert from "node:assert/strict";
import { test } from "node:test";
import { outcome, undisputed } from "#app/settle.js";

/** @typedef {import("#app/model.js").Operation} Operation */

/** @type {Operation} */
const rename = {
  op_id: "o1",
  kind: "todo",
  id: "t",
  op: "update",
  at: "2026-11-26T09:00:00Z",
  after: "o0",
  seq: 7,
  fields: { title: "mine", priority: 2 },
};
const mine = { id: "t", version: 3, title: "mine" };
const theirs = { id: "t", version: 5, title: "theirs" };

/** @param {any} result @param {Partial<Operation>} [operation] */
const told = (result, operation = {}) =>
  outcome({ ...rename, ...operation }, { op_id: "o1", ...result }, mine);

test("what is done needs nobody, and the object is as the server has it", () => {
  for (const status of ["applied", "merged", "replayed"]) {
    assert.deepEqual(told({ status, todo: theirs }), { id: "t", base: theirs, known: true });
  }
  assert.deepEqual(told({ status: "applied" }, { op: "purge" }), {
    id: "t",
    base: undefined,
    known: true,
  });
});

test("a tag that exists already is adopted with its id", () => {
  const tag = { id: "old", version: 1, name: "x" };
  const said = told(
    { status: "merged", code: "same_name", id: "old", tag },
    { kind: "tag", op: "create" },
  );
  assert.deepEqual([said.id, said.base], ["old", tag]);
});

test("a conflict is told with both sides, and what nobody disputes is known", () => {
  const { problem, base } = told({ status: "conflict", conflicting: ["title"], todo: theirs });
  assert.ok(problem);
  assert.deepEqual(
    [problem.what, problem.mine, problem.theirs, base],
    ["conflict", mine, theirs, theirs],
  );
  assert.deepEqual(undisputed(problem), { priority: 2 });
});

test("an edit of what was deleted is told, a tick of it is not", () => {
  assert.equal(told({ status: "deleted" }).problem?.what, "deleted");
  assert.equal(told({ status: "deleted" }).known, true);
  assert.equal(told({ status: "deleted" }, { op: "create" }).problem?.what, "deleted");
  assert.equal(told({ status: "deleted" }, { op: "finish" }).problem, undefined);
});

test("an operation whose forerunner is forgotten is sent again on the version of now", () => {
  const { again } = told({ status: "refused", code: "unknown_operation", todo: theirs });
  assert.ok(again);
  assert.deepEqual(
    [again.base_version, again.after, again.seq, again.fields],
    [5, undefined, undefined, rename.fields],
  );
  assert.notEqual(again.op_id, "o1");
});

test("what the server does not take is kept with its reason", () => {
  const errors = ["Too long.", "Not a colour."].map((detail) => ({ code: "x", detail, attr: "y" }));
  assert.equal(told({ status: "invalid", errors }).problem?.detail, "Too long. Not a colour.");
  assert.equal(told({ status: "refused", code: "quota_reached" }).problem?.code, "quota_reached");
  for (const code of ["not_found", "already_exists", "inbox", "unknown_operation"])
    assert.deepEqual(told({ status: "refused", code }), { id: "t", base: undefined, known: false });
});
