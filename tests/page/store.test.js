// What the browser keeps of an account: changes of the person, and what the server says of them.
import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { take } from "#app/answers.js";
import { keepMine, takeTheirs } from "#app/decide.js";
import { remember } from "#app/session.js";
import { store as current } from "#app/state.js";
import { act, done, LONGEST_UNDO, redo, undo, undone } from "#app/undo.js";
import { Memory, Names, NOON, opened, settled, todo, told } from "./memory.js";

/** @typedef {import("#app/store.js").Store} Store */

/** @type {Store} */
let store;
/** @type {Memory} */
let memory;
/** What is closed in the end, for node waits for a channel that is open. @type {Store[]} */
let stores;

beforeEach(async () => {
  mock.timers.enable({ apis: ["Date"], now: Date.parse(NOON) });
  remember("alice");
  ({ store, memory } = await opened());
  stores = [store];
  current.value = store;
  [done.value, undone.value] = [[], []];
});

afterEach(async () => {
  await settled();
  for (const one of stores) await one.close();
  for (const name of left()) localStorage.removeItem(name);
  mock.timers.reset();
});

/** @param {string} id @param {any} op @param {Record<string, any>} [fields] @returns {any} */
const deed = (id, op, fields) => ({ kind: "todo", id, op, ...(fields ? { fields } : {}) });
/** The store of another page of the same account. */
async function another() {
  const next = (await opened(memory)).store;
  stores.push(next);
  return next;
}

const queue = () => memory.all("operations");
/** The names of what pages have left. */
const left = () => Object.keys(localStorage).filter((name) => name.startsWith("nudge.unsaved."));
/** @param {any[]} changes @param {Record<string, any>} [more] */
const learn = (changes, more = {}) =>
  take(store, [], { changes, cursor: "c1", has_more: false, ...more });

/** Makes these changes, and gives what is to be sent. @param {any[]} deeds */
async function does(...deeds) {
  store.commit(deeds);
  await store.written;
  return store.next();
}

/** What the server says of each that is sent. @param {Record<string, any>[]} results */
async function answered(...results) {
  const sent = await store.next();
  const whole = results.map((result, index) => ({ op_id: sent[index]?.op_id, ...result }));
  await take(
    store,
    sent,
    /** @type {any} */ ({
      results: whole,
      changes: [],
      cursor: "c2",
      has_more: false,
    }),
  );
}

test("an operation names the one before it, or the version that it was made on", async () => {
  await learn([told(todo("milk", { version: 7 }))]);
  const [first, second, third, fourth] = await does(
    deed("milk", "update", { title: "oat milk" }),
    deed("milk", "finish"),
    deed("bread", "create", { title: "bread" }),
    deed("bread", "finish"),
  );
  assert.deepEqual(
    [first, second, third, fourth].map((one) => [one?.base_version, one?.after]),
    [
      [7, undefined],
      [undefined, first?.op_id],
      [undefined, undefined],
      [undefined, third?.op_id],
    ],
  );
});

test("a change of what was read earlier says of which version", async () => {
  await learn([told(todo("milk", { version: 7 }))]);
  await does(deed("milk", "update", { title: "oat milk" }));
  const update = { ...deed("milk", "update", { notes: "two" }), base_version: 5 };
  const [, second] = await does(update);
  assert.deepEqual([second?.base_version, second?.after], [5, undefined]);
});

test("what goes along is shown and kept, but neither sent nor counted", async () => {
  await learn([told(todo("a")), told(todo("b", { parent: "a" }))]);
  const sent = await does(deed("a", "finish"));
  assert.deepEqual(
    sent.map(({ id }) => id),
    ["a"],
  );
  assert.equal(store.get("todo", "b").status, "finished");
  assert.deepEqual(
    queue().map(({ id, echo_of, after, base_version }) => [id, echo_of, after, base_version]),
    [
      ["a", undefined, undefined, 1],
      ["b", sent[0]?.op_id, undefined, undefined],
    ],
  );
  assert.deepEqual(store.waiting.value, { count: 1, since: NOON });
  await answered({ status: "applied", todo: todo("a", { version: 2, status: "finished" }) });
  assert.deepEqual([queue(), store.get("todo", "b").status], [[], "open"]);
});

test("what is kept is shown again after a reload, with what waits", async () => {
  await learn([told(todo("milk"))]);
  await does(deed("milk", "update", { title: "oat milk" }));
  const again = await another();
  await again.close();
  assert.equal(again.get("todo", "milk").title, "oat milk");
  assert.deepEqual([again.waiting.value.count, again.complete.value], [1, true]);
});

test("what cannot be written is shown and said, and nothing asks for a sync", async () => {
  let asked = 0;
  store.onwrite = () => asked++;
  memory.isFull = true;
  await does(deed("milk", "create", { title: "milk" }));
  assert.deepEqual([store.broken.value, asked], ["Error: QuotaExceededError", 0]);
  await store.reload(["todo:milk"]);
  assert.equal(store.get("todo", "milk").title, "milk");
  await does(deed("tea", "create", { title: "tea" }), deed("tea", "finish"));
  assert.deepEqual([store.waiting.value.count, store.unsaved.value], [3, 3]);
});

test("what could not be written is written first as soon as there is room", async () => {
  let asked = 0;
  store.onwrite = () => asked++;
  await learn([told(todo("tea"))]);
  memory.isFull = true;
  await does(deed("milk", "create", { title: "milk" }), deed("tea", "finish"));
  memory.isFull = false;
  const sent = await does(deed("milk", "update", { title: "oat milk" }));
  assert.deepEqual(
    sent.map(({ id, op, after, base_version }) => [id, op, after, base_version]),
    [
      ["milk", "create", undefined, undefined],
      ["tea", "finish", undefined, 1],
      ["milk", "update", sent[0]?.op_id, undefined],
    ],
  );
  assert.deepEqual([store.broken.value, store.unsaved.value, asked], ["", 0, 1]);
  memory.isFull = true;
  await does(deed("milk", "finish"));
  memory.isFull = false;
  await store.save();
  assert.deepEqual([queue().length, store.broken.value, asked], [4, "", 2]);
});

test("a write that fails in its middle leaves nothing, and begins again", async () => {
  const add = memory.stores.operations?.add;
  assert.ok(add && memory.stores.operations);
  let left = 1;
  memory.stores.operations.add = function (row) {
    if (left-- === 0) throw new Error("QuotaExceededError");
    return add.call(this, row);
  };
  await does(deed("a", "create", { title: "a" }), deed("a", "finish"));
  assert.deepEqual([queue(), store.unsaved.value], [[], 2]);
  await store.save();
  const sent = await store.next();
  assert.deepEqual(
    sent.map(({ op, after }) => [op, after]),
    [
      ["create", undefined],
      ["finish", sent[0]?.op_id],
    ],
  );
});

test("what a page could not store before its end is stored by the next, once", async () => {
  await learn([told(todo("a")), told(todo("b", { parent: "a" }))]);
  memory.isFull = true;
  await does(deed("a", "finish"), deed("milk", "create", { title: "milk" }));
  assert.deepEqual([store.waiting.value.count, store.unsaved.value], [2, 2]); // without echoes
  assert.equal(store.leave(), false); // it is kept, but a person should know
  memory.isFull = false;
  localStorage.setItem(
    "nudge.unsaved.bob.1",
    JSON.stringify([{ ...deed("bob's", "finish"), op_id: "bob's", at: NOON }]),
  );
  const next = await another();
  assert.deepEqual(
    ["a", "b"].map((id) => next.get("todo", id).status),
    ["finished", "finished"],
  );
  assert.deepEqual([next.get("todo", "milk").title, next.waiting.value.count], ["milk", 2]);
  await next.written;
  const stored = () => queue().map(({ id, op, echo_of }) => [id, op, Boolean(echo_of)]);
  const wanted = [
    ["a", "finish", false],
    ["b", "finish", true],
    ["milk", "create", false],
  ];
  assert.deepEqual([stored(), next.unsaved.value, left()], [wanted, 0, ["nudge.unsaved.bob.1"]]);
  await store.save(); // the page of before comes back
  assert.deepEqual([stored(), store.unsaved.value], [wanted, 0]);
});

test("what was stored after all is not taken again from what a page has left", async () => {
  store.commit([deed("milk", "create", { title: "milk" })]);
  assert.equal(store.leave(), true);
  const [name = ""] = left();
  const kept = localStorage.getItem(name) ?? "";
  await store.written;
  assert.deepEqual(left(), []);
  localStorage.setItem(name, kept);
  const next = await another();
  await next.written;
  assert.deepEqual(
    [next.waiting.value.count, queue().map(({ id }) => id), left()],
    [1, ["milk"], []],
  );
});

test("what a page leaves stays until the last change of it is stored", async () => {
  /** @type {number[]} */
  const kept = [];
  store.onwrite = () => kept.push(left().length);
  store.commit([deed("milk", "create", { title: "milk" })]);
  await Promise.resolve();
  await Promise.resolve(); // the first is being written
  store.commit([deed("bread", "create", { title: "bread" })]);
  store.leave();
  await store.written;
  assert.deepEqual(kept, [1, 0]);
});

test("what pages have left is stored in the order in which it was made", async () => {
  for (const [page, minute] of [
    ["a", 3],
    ["b", 1],
    ["c", 2],
  ]) {
    const at = `2026-11-26T12:0${minute}:00.000Z`;
    const made = { kind: "todo", id: page, op: "create", op_id: page, at, fields: { title: page } };
    localStorage.setItem(`nudge.unsaved.alice.${page}`, JSON.stringify([made]));
  }
  const next = await another();
  await next.close();
  assert.deepEqual(
    queue().map(({ id }) => id),
    ["b", "c", "a"],
  );
});

test("a page that can keep nothing says so, and one with nothing to keep leaves nothing", async () => {
  assert.deepEqual([store.leave(), left()], [true, []]);
  store.commit([deed("milk", "create", { title: "milk" })]);
  Names.isFull = true;
  assert.equal(store.leave(), false);
  Names.isFull = false;
  await store.written;
  assert.deepEqual([store.leave(), left()], [true, []]);
});

test("nothing of an account is left after it has logged out in another tab", async () => {
  store.commit([deed("milk", "create", { title: "milk" })]);
  for (const account of ["", "bob"]) {
    remember(account);
    assert.deepEqual([store.leave(), left()], [false, []]);
  }
});

test("a store that is closed stores what was made in it, and one that is erased leaves nothing", async () => {
  const first = await another();
  first.commit([deed("milk", "create", { title: "milk" })]);
  await first.close();
  assert.deepEqual(
    queue().map(({ id }) => id),
    ["milk"],
  );
  const second = await another();
  localStorage.setItem("nudge.unsaved.alice.1", "[]"); // by another tab
  memory.isFull = true;
  second.commit([deed("bread", "create", { title: "bread" })]);
  await second.written;
  second.leave();
  await second.erase();
  assert.deepEqual([left(), second.leave(), left()], [[], true, []]);
});

test("another tab shows what is made and what is asked here", async () => {
  const other = await another();
  await does(deed("milk", "create", { title: "milk" }));
  await answered({ status: "refused", code: "quota_reached" });
  for (let turn = 0; turn < 5 && !other.problems.value.length; turn++) await settled();
  await other.close();
  assert.deepEqual(other.problems.value, store.problems.value);
  assert.equal(other.problems.value[0]?.code, "quota_reached");
});

test("an older version of an object does not go over a newer one", async () => {
  await learn([told(todo("milk", { version: 4, title: "new" }))]);
  await learn([told(todo("milk", { version: 3, title: "old" }))]);
  assert.equal(store.get("todo", "milk").title, "new");
  await learn([told(todo("milk", { version: 4, title: "the same" }))]);
  assert.equal(store.get("todo", "milk").title, "the same");
  await learn([{ kind: "todo", id: "milk", op: "purge", version: 5 }]);
  assert.deepEqual([store.get("todo", "milk"), memory.all("objects")], [undefined, []]);
});

test("an answer is taken whole or not at all", async () => {
  await learn([told(todo("milk"))]);
  const broken = { kind: "todo", id: "soap", op: "upsert", version: 1, todo: () => {} };
  await assert.rejects(learn([told(todo("bread")), broken], { cursor: "c9" }));
  assert.deepEqual(
    memory.all("objects").map(({ key }) => key),
    ["todo:milk"],
  );
  assert.deepEqual(memory.all("meta"), [{ key: "cursor", value: "c1" }]);
});

test("a conflict shows theirs and asks; the answer to it is a change of its own", async () => {
  await learn([told(todo("milk"))]);
  const fields = { title: "mine", notes: "two" };
  for (const decide of [takeTheirs, keepMine]) {
    await does(deed("milk", "update", fields));
    const theirs = todo("milk", { version: 2, title: "theirs" });
    await answered({ status: "conflict", conflicting: ["title"], todo: theirs });
    assert.deepEqual([store.get("todo", "milk").title, queue()], ["theirs", []]);
    const [problem] = store.problems.value;
    assert.ok(problem);
    decide(problem);
    const [sent] = await store.next();
    const wanted = decide === keepMine ? fields : { notes: "two" };
    assert.deepEqual([sent?.fields, sent?.base_version], [wanted, 2]);
    await settled();
    assert.deepEqual([store.problems.value, memory.all("problems")], [[], []]);
    await answered({ status: "applied", todo: theirs });
  }
});

test("a change that was refused is given up whole", async () => {
  await learn([told(todo("milk"))]);
  await does(deed("milk", "update", { title: "mine" }));
  await answered({ status: "refused", code: "quota_reached" });
  const [problem] = store.problems.value;
  assert.ok(problem);
  takeTheirs(problem);
  await settled();
  assert.deepEqual([queue(), store.problems.value], [[], []]);
  assert.equal(store.get("todo", "milk").title, "milk");
});

test("a question stays until the change that answers it is stored", async () => {
  await learn([told(todo("milk"))]);
  await does(deed("milk", "update", { title: "mine" }));
  const theirs = todo("milk", { version: 2, title: "theirs" });
  await answered({ status: "conflict", conflicting: ["title"], todo: theirs });
  const [problem] = store.problems.value;
  assert.ok(problem);
  memory.isFull = true;
  keepMine(problem);
  await settled();
  assert.deepEqual([store.problems.value, memory.all("problems")], [[problem], [problem]]);
  memory.isFull = false;
  keepMine(problem);
  await settled();
  assert.deepEqual([store.problems.value, memory.all("problems")], [[], []]);
});

test("what was deleted elsewhere comes back with the change, whole if it is no more", async () => {
  const milk = todo("milk", { tags: ["shop"], notes: "two" });
  for (const theirs of [{ ...milk, version: 2, deleted_at: NOON }, undefined]) {
    await learn([told({ ...milk, version: 9 })]);
    await does(deed("milk", "update", { title: "mine" }));
    await answered({ status: "deleted", ...(theirs ? { todo: theirs } : {}) });
    const [problem] = store.problems.value;
    assert.ok(problem);
    keepMine(problem);
    const sent = await store.next();
    const { id: _id, version: _version, ...content } = milk;
    if (theirs)
      assert.deepEqual(
        sent.map(({ id, op, fields }) => [id, op, fields]),
        [
          ["milk", "restore", undefined],
          ["milk", "update", { title: "mine" }],
        ],
      );
    else {
      assert.deepEqual([sent.length, sent[0]?.op, sent[0]?.id === "milk"], [1, "create", false]);
      assert.deepEqual(sent[0]?.fields, { ...content, title: "mine", updated_at: NOON });
    }
    await answered(...sent.map(() => ({ status: "refused", code: "not_found" })));
    await settled();
  }
});

test("an operation whose forerunner is forgotten goes again, and what goes along waits for it", async () => {
  await learn([told(todo("a")), told(todo("b", { parent: "a" }))]);
  const [first] = await does(deed("a", "finish"));
  const now = todo("a", { version: 5 });
  await answered({ status: "refused", code: "unknown_operation", todo: now });
  const [again, echo] = /** @type {any} */ (queue()).toSorted((/** @type {any} */ one) =>
    one.echo_of ? 1 : -1,
  );
  assert.notEqual(again.op_id, first?.op_id);
  assert.deepEqual([again.base_version, again.after, echo.echo_of], [5, undefined, again.op_id]);
  assert.equal(store.get("todo", "b").status, "finished");
});

test("undo takes back the last deed, redo does it again, and a new one ends that", async () => {
  await learn([told(todo("milk")), told(todo("bread"))]);
  const titles = () => ["milk", "bread"].map((id) => store.get("todo", id).title);
  act([deed("milk", "update", { title: "oat" }), deed("bread", "update", { title: "rye" })], "R");
  act([deed("milk", "update", { title: "soy" })]);
  undo();
  assert.deepEqual(titles(), ["oat", "rye"]);
  undo();
  assert.deepEqual(titles(), ["milk", "bread"]);
  undo();
  redo();
  assert.deepEqual(titles(), ["oat", "rye"]);
  act([deed("milk", "update", { title: "oat" })]); // changes nothing
  assert.equal(undone.value.length, 1);
  act([deed("milk", "update", { title: "rice" })]);
  redo();
  assert.deepEqual(titles(), ["rice", "rye"]);
  assert.deepEqual([done.value.length, undone.value.length], [2, 0]);
  for (let number = 0; number <= LONGEST_UNDO; number++)
    act([deed("milk", "update", { priority: 1 + (number % 2) })]);
  assert.equal(done.value.length, 100);
});

test("deeds on one object are taken back from the last to the first", async () => {
  const steps = [
    deed("milk", "create", { title: "milk" }),
    deed("tea", "create", { title: "tea" }),
  ];
  act(steps);
  assert.deepEqual(
    done.value[0]?.deeds.map(({ id, op }) => `${op} ${id}`),
    ["trash tea", "trash milk"],
  );
  await store.written;
});

test("who takes back that a subtask is open again finishes what stands above it too", async () => {
  const finished = { status: "finished", finished_at: NOON };
  const early = { ...finished, finished_at: "2026-11-25T12:00:00Z" };
  await learn([told(todo("a", finished)), told(todo("b", { parent: "a", ...early }))]);
  const states = () => ["a", "b"].map((id) => store.get("todo", id).status);
  act([deed("b", "reopen")]);
  assert.deepEqual(states(), ["open", "open"]);
  undo();
  assert.deepEqual(states(), ["finished", "finished"]);
  await store.written;
});
