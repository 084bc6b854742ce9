// The protocol of docs/sync.md as the page speaks it: what it sends, when, and what it keeps.
import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Sync } from "#app/sync.js";
import { opened, page, settled, todo, told } from "./memory.js";

/** @typedef {import("#app/store.js").Store} Store */

const NOON = "2026-11-26T12:00:00.000Z";

class Trouble extends Error {
  /** @param {number} status @param {string} [code] @param {number} [wait] */
  constructor(status, code = "", wait = 0) {
    super(code);
    Object.assign(this, { status, code, wait });
  }
}

/** What was asked: the path, the headers, and the body without what is random. @type {any[]} */
let asked;
/** What comes back for each; nothing has changed if none is left. @type {any[]} */
let answers;
/** @type {string} */
let loggedIn;
/** How often the page asked who is logged in, and left. @type {{whoIs: number, left: number, atOnce: number}} */
let seen;
/** @type {Store} */
let store;
/** @type {import("./memory.js").Memory} */
let memory;
/** @type {Sync} */
let sync;
/** Those of which the stores are closed in the end. @type {Store[]} */
let stores;

const world = {
  /** @param {string} path @param {RequestInit} [options] */
  async ask(path, { body, headers } = {}) {
    asked.push({ path, ...(body ? JSON.parse(String(body)) : { headers }) });
    running++;
    seen.atOnce = Math.max(seen.atOnce, running);
    await new Promise((done) => setImmediate(done));
    running--;
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  },
  async whoIs() {
    seen.whoIs++;
    return loggedIn;
  },
  onOtherAccount() {
    seen.left++;
  },
};
let running = 0;

/** @param {Record<string, any>} [more] @returns {any} */
const answer = (more = {}) => ({
  account: "alice",
  changes: [],
  cursor: "c1",
  has_more: false,
  ...more,
});

beforeEach(async () => {
  [asked, answers, loggedIn, page.hidden] = [[], [], "alice", false];
  seen = { whoIs: 0, left: 0, atOnce: 0 };
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse(NOON) });
  mock.method(Math, "random", () => 1);
  ({ store, memory } = await opened());
  stores = [store];
  sync = new Sync(store, world);
});

afterEach(() => {
  sync.stop();
  for (const one of stores) one.close();
  mock.timers.reset();
  mock.restoreAll();
});

/** A new to-do of this device. @param {string} id @param {Record<string, any>} [fields] */
const make = (id, fields = { title: id }) =>
  store.commit([{ kind: "todo", id, op: "create", fields }]);

/** The ids of the to-dos that were sent, for each request. */
const sent = () =>
  asked.map(({ operations = [] }) => operations.map((/** @type {any} */ { id }) => id).join(" "));

/** The results with which the server takes all that is sent. @param {string[]} ids */
const taken = (...ids) => {
  const results = memory
    .all("operations")
    .filter(({ id }) => ids.includes(id))
    .map(({ op_id, id }) => ({ op_id, status: "applied", version: 1, todo: todo(id) }));
  return answer({ results, cursor: "c2", changes: ids.map((id) => told(todo(id))) });
};

async function begin() {
  answers.push(answer());
  await sync.run();
  asked.length = 0;
}

/** How long the page waits before it asks again. */
async function pause() {
  const before = asked.length;
  for (let waited = 0; waited <= 700_000; waited += 500) {
    await settled();
    if (asked.length > before) return waited;
    mock.timers.tick(500);
  }
  return undefined;
}

/** Until the next question has been asked. */
async function begun() {
  for (const before = asked.length; asked.length === before; )
    await new Promise((done) => setImmediate(done));
}

/** Whether it never asks again. */
async function rests() {
  const before = asked.length;
  await settled();
  mock.timers.tick(10_000_000);
  await settled();
  return asked.length === before;
}

test("the first question has no cursor, the next one the last", async () => {
  answers.push(answer({ changes: [told(todo("milk"))] }));
  await sync.run();
  await sync.run();
  assert.deepEqual(asked, [
    { path: "sync/", headers: {} },
    { path: "sync/?cursor=c1", headers: { "If-None-Match": '"c1"' } },
  ]);
  assert.deepEqual(store.get("todo", "milk"), todo("milk"));
  assert.deepEqual([store.complete.value, sync.standing.value], [true, "fine"]);
});

test("what is made is sent at once, and goes from here when the server has it", async () => {
  await begin();
  make("milk");
  await store.written;
  const [{ op_id }] = /** @type {any} */ (memory.all("operations"));
  answers.push(taken("milk"));
  await settled();
  const operation = { kind: "todo", id: "milk", op: "create", fields: { title: "milk" } };
  assert.deepEqual(asked, [
    {
      path: "sync/",
      account: "alice",
      cursor: "c1",
      sent_at: NOON,
      operations: [{ ...operation, op_id, at: NOON }],
    },
    { path: "sync/?cursor=c2", headers: { "If-None-Match": '"c2"' } },
  ]);
  assert.deepEqual(memory.all("operations"), []);
  assert.deepEqual(store.get("todo", "milk"), todo("milk"));
  assert.deepEqual(store.waiting.value, { count: 0, since: "" });
});

test("what does not arrive is kept, and the same is sent again before anything newer", async () => {
  await begin();
  answers.push(new Trouble(0));
  make("milk");
  await settled();
  assert.deepEqual(store.waiting.value, { count: 1, since: NOON });
  assert.equal(sync.standing.value, "offline");
  make("bread");
  await settled();
  assert.deepEqual(sent(), ["milk"]); // what is made meanwhile begins no attempt
  assert.equal(await pause(), 1000);
  assert.deepEqual(sent(), ["milk", "milk bread"]);
  assert.deepEqual(asked[1].operations[0], asked[0].operations[0]);
});

test("what the server leaves without a result is sent again", async () => {
  await begin();
  make("milk");
  make("bread");
  await store.written;
  const [milk] = taken("milk").results;
  answers.push(answer({ results: [milk, { ...milk, op_id: "another" }] }), new Trouble(0));
  await settled();
  assert.deepEqual(sent(), ["milk bread", "bread"]);
});

test("waits grow with each failure, and begin anew after a success", async () => {
  answers.push(...[0, 500, 503, 0].map((status) => new Trouble(status)));
  await sync.run();
  assert.equal(sync.standing.value, "offline");
  assert.equal(await pause(), 1000);
  await settled();
  assert.equal(sync.standing.value, "trouble");
  assert.deepEqual([await pause(), await pause(), await pause()], [2000, 4000, 8000]);
  await settled();
  assert.equal(sync.standing.value, "fine");
  answers.push(new Trouble(0));
  assert.deepEqual([await pause(), await pause()], [60_000, 1000]);
});

test("the page waits as many seconds as the server asks for, and no less than by itself", async () => {
  answers.push(new Trouble(429, "throttled", 90), new Trouble(503, "", 1), new Trouble(0));
  await sync.run();
  assert.deepEqual([await pause(), await pause(), await pause()], [90_000, 2000, 4000]);
});

test("who is logged out is told so; nothing that is made is sent before they return", async () => {
  answers.push(new Trouble(401, "not_authenticated"));
  await sync.run();
  assert.deepEqual([sync.standing.value, seen.whoIs], ["logged_out", 0]);
  make("milk");
  await settled();
  assert.deepEqual(sent(), [""]);
  sync.retry();
  await settled();
  assert.deepEqual([sent(), sync.standing.value], [["", "milk"], "fine"]);
});

for (const [status, code] of /** @type {[number, string][]} */ ([
  [403, "csrf_failed"],
  [409, "other_account"],
])) {
  test(`after ${code} it asks who is logged in, and sends once more`, async () => {
    await begin();
    answers.push(new Trouble(status, code), new Trouble(status, code));
    make("milk");
    await settled();
    assert.deepEqual([sent(), seen.whoIs], [["milk", "milk"], 1]);
    assert.deepEqual([sync.standing.value, memory.all("operations").length], ["trouble", 1]);
    assert.equal(await pause(), 1000);
  });

  test(`after ${code} nothing of this account is sent by another one`, async () => {
    await begin();
    loggedIn = "bob";
    answers.push(new Trouble(status, code));
    make("milk");
    await settled();
    make("bread");
    sync.retry();
    assert.ok(await rests());
    assert.deepEqual([sent(), seen.whoIs, seen.left], [["milk"], 1, 1]);
    assert.equal(memory.all("operations").length, 2);
  });
}

test("another trouble asks nobody who they are", async () => {
  answers.push(new Trouble(409, "conflict"));
  await sync.run();
  assert.deepEqual([asked.length, seen.whoIs, sync.standing.value], [1, 0, "trouble"]);
});

test("nothing of an answer for another account is taken", async () => {
  answers.push(answer({ account: "bob", changes: [told(todo("bob's"))] }));
  await sync.run();
  assert.deepEqual([seen.left, memory.all("objects"), memory.all("meta")], [1, [], []]);
  assert.ok(await rests());
});

test("a cursor that is no more begins again: what has gone goes, what was not sent stays", async () => {
  answers.push(answer({ changes: ["milk", "soap", "tea"].map((id) => told(todo(id))) }));
  await sync.run();
  asked.length = 0;
  const milk = told(todo("milk", { version: 3 }));
  answers.push(new Trouble(410, "cursor_expired"));
  make("bread");
  await store.written;
  const { results } = taken("bread");
  answers.push(
    answer({ results, changes: [milk], cursor: "n1", has_more: true }),
    answer({ changes: [told(todo("tea")), told(todo("bread"))], cursor: "n2" }),
  );
  await settled();
  assert.deepEqual([sent(), seen.whoIs], [["bread", "bread", ""], 1]);
  assert.deepEqual(
    asked.map(({ cursor, path }) => cursor ?? path),
    ["c1", "sync/", "sync/?cursor=n1"],
  );
  assert.deepEqual([...store.all("todo").keys()].sort(), ["bread", "milk", "tea"]);
  assert.equal(store.get("todo", "milk").version, 3);
  assert.deepEqual(memory.all("meta"), [{ key: "cursor", value: "n2" }]);
});

test("an answer that is not the last is followed by the next question at once", async () => {
  answers.push(answer({ has_more: true }), answer({ cursor: "c2", has_more: true }));
  answers.push(new Trouble(0));
  await sync.run();
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["sync/", "sync/?cursor=c1", "sync/?cursor=c2"],
  );
  assert.equal(store.complete.value, false);
  sync.retry();
  answers.push(answer({ cursor: "c3" }));
  await settled();
  assert.equal(store.complete.value, true);
});

test("it asks each minute, and a page that nobody sees each ten", async () => {
  await begin();
  assert.equal(await pause(), 60_000);
  page.hidden = true;
  await settled();
  mock.timers.tick(60_000);
  await settled();
  assert.equal(await pause(), 600_000);
});

test("what is made, or asked for, during a round goes behind it, never beside it", async () => {
  for (const begins of [() => make("milk"), () => sync.retry()]) {
    const running = sync.run();
    await begun();
    begins();
    await store.written;
    await running;
  }
  assert.deepEqual([sent(), seen.atOnce], [["", "milk", "milk", "milk"], 1]);
});

test("of two tabs only one at a time speaks to the server", async () => {
  const other = await opened();
  stores.push(other.store);
  const second = new Sync(other.store, world);
  answers.push(answer(), answer());
  await Promise.all([sync.run(), second.run()]);
  second.stop();
  assert.deepEqual([asked.length, seen.atOnce], [2, 1]);
});

test("who stops it is not asked again, and goes on with nothing", async () => {
  answers.push(answer({ has_more: true }));
  const running = sync.run();
  await new Promise((done) => setImmediate(done));
  sync.stop();
  await running;
  assert.ok(await rests());
  sync.retry();
  await settled();
  assert.equal(asked.length, 1);
});

test("a request takes a hundred operations, and those of others go along unsent", async () => {
  const ids = Array.from({ length: 130 }, (_, index) => `t${index}`);
  store.commit([
    { kind: "todo", id: "a", op: "create", fields: { title: "a" } },
    { kind: "todo", id: "b", op: "create", fields: { title: "b", parent: "a" } },
    { kind: "todo", id: "a", op: "finish" },
  ]);
  for (const id of ids) make(id);
  const own = (await store.next()).map(({ id }) => id);
  assert.deepEqual(own, ["a", "b", "a", ...ids.slice(0, 97)]);
});

test("a request has less than 200,000 letters, unless one operation alone has more", async () => {
  const ids = async () => (await store.next()).map(({ id }) => id).join("");
  for (const id of ["a", "b", "c"]) make(id, { notes: "x".repeat(99_000) });
  assert.equal(await ids(), "ab");
  memory.stores.operations?.rows.clear();
  for (const id of ["d", "e"]) make(id, { notes: "x".repeat(300_000) });
  assert.equal(await ids(), "d");
});
