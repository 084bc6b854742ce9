// Tags that have another name here than on the server, until it has renamed them too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Renames } from "#app/renames.js";

/** @param {Renames} renames @param {string[]} tags */
const shown = (renames, ...tags) => renames.applied({ id: "t", version: 1, tags }).tags;

test("to-dos are shown anew when the name of one of their tags is another one, and only then", () => {
  const renames = new Renames();
  const steps = /** @type {[string | undefined, string | undefined, string[]][]} */ ([
    [undefined, "shop", []], // made here
    ["shop", "shop", []],
    ["shop", "market", ["shop"]],
    ["shop", "market", []],
    ["shop", "mall", ["shop", "shop"]],
    ["store", "mall", ["shop", "store"]], // renamed elsewhere too
    ["store", undefined, ["store", "store"]], // deleted here
    ["store", "store", ["store"]],
    ["store", "store", []],
  ]);
  for (const [from, to, anew] of steps) assert.deepEqual(renames.note("t1", from, to), anew);
});

test("a to-do has the names of here, each once and in order, and stays the same object otherwise", () => {
  const renames = new Renames();
  const plain = { id: "t", version: 1, tags: ["z", "a"] };
  assert.equal(renames.applied(plain), plain);
  renames.note("t1", "shop", "market");
  renames.note("t2", "gone", undefined);
  renames.note("t3", "wide", "market");
  assert.equal(renames.applied(plain), plain);
  assert.deepEqual(shown(renames, "zoo", "wide", "gone", "shop", "a"), ["a", "market", "zoo"]);
  renames.note("t1", "market", "market");
  assert.deepEqual(shown(renames, "shop", "wide"), ["market", "shop"]);
});
