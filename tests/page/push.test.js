// The service worker: reminders as notifications, and the kept files of the page.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

/** What the worker does, in its order. @type {any[]} */
let done;
/** @type {any[]} */
let windows;
/** @type {Record<string, (event: any) => void>} */
const heard = {};
/** Name of a cache -> what is kept in it, by address. @type {Map<string, Map<string, any>>} */
let kept;

/** @param {string} name */
const cache = (name) => {
  const some = kept.get(name) ?? new Map();
  kept.set(name, some);
  return {
    put: async (/** @type {string} */ address, /** @type {any} */ answer) =>
      some.set(address, answer),
    match: async (/** @type {string} */ address) => some.get(address),
  };
};
const nudge = { shell: "./", files: ["/static/app/main.js"], build: "b2" };
Object.assign(globalThis, {
  location: { href: "https://nudge.test/dev/todos/worker.js" },
  caches: {
    open: async (/** @type {string} */ name) => cache(name),
    keys: async () => [...kept.keys()],
    delete: async (/** @type {string} */ name) => kept.delete(name),
  },
  self: {
    nudge,
    addEventListener: (/** @type {string} */ name, /** @type {any} */ hear) => {
      heard[name] = hear;
    },
    skipWaiting: () => done.push("active"),
    registration: { showNotification: (/** @type {any} */ ...told) => done.push(told) },
    clients: {
      claim: async () => done.push("claimed"),
      matchAll: async () => windows,
      openWindow: async (/** @type {string} */ page) => done.push(["opened", page]),
    },
  },
});
for (const script of ["push", "worker"]) await import(`#app/${script}.js`);

const PAGE = "https://nudge.test/dev/todos/";
const MAIN = "https://nudge.test/static/app/main.js";
const TOLD = {
  title: "call mum",
  body: "Now",
  tag: "r1",
  todo: "t1",
  acts: [{ name: "done", title: "Done", token: "secret" }],
};
/** @type {any} */
let answer;

beforeEach(() => {
  [done, windows, kept, answer] = [[], [], new Map(), { ok: true, redirected: false }];
  mock.method(
    globalThis,
    "fetch",
    async (/** @type {any} */ address, /** @type {any} */ options) => {
      done.push([address instanceof URL ? address.href : address, options]);
      return answer;
    },
  );
});

/** @param {string} name @param {Record<string, any>} event */
async function happens(name, event = {}) {
  /** @type {Promise<unknown> | undefined} */
  let until;
  const waits = (/** @type {Promise<unknown>} */ promise) => {
    until = promise;
  };
  heard[name]?.({ waitUntil: waits, respondWith: waits, ...event });
  return until && [await until];
}

test("a reminder is shown with its buttons", async () => {
  await happens("push", { data: { json: () => TOLD } });
  const actions = [{ action: "done", title: "Done" }];
  assert.deepEqual(done, [["call mum", { body: "Now", tag: "r1", data: TOLD, actions }]]);
  assert.equal(await happens("push", { data: null }), undefined);
});

test("a button acts by its token alone, whoever is logged in", async () => {
  const notification = { data: TOLD, close: () => done.push("closed") };
  await happens("notificationclick", { notification, action: "done" });
  const address = "https://nudge.test/dev/reminders/secret/now/";
  assert.deepEqual(done, ["closed", [address, { method: "POST", credentials: "omit" }]]);
});

test("the notification opens its to-do, in a window that is there if there is one", async () => {
  const notification = { data: TOLD, close: () => {} };
  await happens("notificationclick", { notification, action: "" });
  const navigate = async (/** @type {string} */ page) => done.push(["shown", page]);
  windows = [{ navigate, focus: () => done.push("focused") }];
  await happens("notificationclick", { notification, action: "" });
  await happens("notificationclick", {
    notification: { ...notification, data: { ...TOLD, todo: null } },
    action: "",
  });
  assert.deepEqual(done, [
    ["opened", `${PAGE}#todo/t1`],
    ["shown", `${PAGE}#todo/t1`],
    "focused",
    ["shown", PAGE],
    "focused",
  ]);
});

test("a build is kept whole or not at all, and those of before go when it takes over", async () => {
  answer = { ok: true, redirected: true }; // to the log-in
  await assert.rejects(happens("install"));
  answer = { ok: false, redirected: false };
  await assert.rejects(happens("install"));
  assert.deepEqual(kept.get("nudge-b2")?.size ?? 0, 0);
  done.length = 0;
  answer = { ok: true, redirected: false };
  await happens("install");
  const options = { mode: "cors", credentials: "same-origin" };
  assert.deepEqual(done, [
    [PAGE, options],
    [MAIN, options],
  ]);
  for (const name of ["nudge-b1", "other"]) cache(name);
  await happens("activate");
  assert.deepEqual([...kept.keys()], ["nudge-b2", "other"]);
  await happens("message", { data: "else" });
  await happens("message", { data: "activate" });
  assert.deepEqual(done.slice(2), ["claimed", "active"]);
});

test("only the page and its files come from what is kept", async () => {
  const get = (/** @type {string} */ url, more = {}) =>
    happens("fetch", { request: { url, method: "GET", mode: "cors", ...more } });
  await happens("install");
  done.length = 0;
  assert.deepEqual(await get(MAIN), [answer]);
  assert.deepEqual(await get(`${PAGE}?text=x#/inbox`, { mode: "navigate" }), [answer]);
  assert.deepEqual(done, []);
  assert.equal(await get(PAGE), undefined);
  assert.equal(await get(`${PAGE}simple/`, { mode: "navigate" }), undefined);
  assert.equal(await get("https://nudge.test/dev/api/v1/sync/"), undefined);
  assert.equal(await get(MAIN, { method: "POST" }), undefined);
  kept.clear();
  await get(`${PAGE}#/inbox`, { mode: "navigate" });
});
