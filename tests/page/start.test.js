// Whose data is opened, when it is shown, and what a log-out leaves.
import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { remember, remembered } from "#app/session.js";
import { begin, logOutAsked, logOutNow, retry } from "#app/start.js";
import * as state from "#app/state.js";
import { Store } from "#app/store.js";
import { Sync } from "#app/sync.js";
import { done, undone } from "#app/undo.js";
import { page, settled } from "./memory.js";

/** What is done, in its order. @type {string[]} */
let steps;
/** What the server answers: an account, a status, or nothing (no network). @type {(string | number)[]} */
let answers;
let erases = true;

/** @param {string} path */
async function fetched(path) {
  if (path === "/auth/logout/") {
    steps.push("log out");
    return { type: "opaqueredirect" };
  }
  steps.push("who");
  const answer = answers.shift();
  if (typeof answer === "string") return Response.json({ account: answer, csrf_token: "t" });
  if (!answer) throw new TypeError("no network");
  return new Response("{}", { status: answer });
}

beforeEach(() => {
  [steps, answers, erases] = [[], [], true];
  mock.method(globalThis, "fetch", fetched);
  /** @this {any} */
  const opens = async function () {
    steps.push(`open ${this.account}`);
    this.channel.close();
    return this;
  };
  mock.method(Store.prototype, "open", opens);
  for (const name of /** @type {const} */ (["close", "save", "erase"]))
    mock.method(
      Store.prototype,
      name,
      /** @this {any} */
      async function () {
        steps.push(`${name} ${this.account}`);
        if (name === "erase" && !erases) throw new Error("It is gone already");
      },
    );
  for (const name of /** @type {const} */ (["run", "stop", "retry", "fail"]))
    mock.method(
      Sync.prototype,
      name,
      /** @this {any} */
      function (/** @type {any} */ trouble) {
        steps.push(
          [name, this.store.account, trouble?.status].filter((it) => it !== undefined).join(" "),
        );
      },
    );
  Object.assign(location, { assign: (/** @type {string} */ to) => steps.push(`go to ${to}`) });
  Object.assign(page.documentElement.dataset, { base: "/dev/" });
  state.store.value = undefined;
  state.sync.value = undefined;
  state.start.value = "starting";
  remember("");
});

afterEach(() => mock.restoreAll());

/** Alice's data is open. */
async function opened() {
  remember("alice");
  answers = ["alice"];
  await begin();
  steps.length = 0;
}

const shown = () => [state.start.value, state.store.value?.account, remembered()];

test("without data of anybody, the server says who it is, or the page asks for it", async () => {
  for (const [answer, done, now] of /** @type {[string | number, string[], any[]][]} */ ([
    ["alice", ["who", "open alice", "run alice"], ["ready", "alice", "alice"]],
    [401, ["who", "go to /auth/login/?next=%2Ftodos%2F"], ["starting", undefined, ""]],
    [500, ["who"], ["away", undefined, ""]],
    [0, ["who"], ["away", undefined, ""]],
  ])) {
    [steps, answers] = [[], [answer]];
    location.hash = "";
    await begin();
    assert.deepEqual([steps, shown()], [done, now], String(answer));
    state.store.value = undefined;
    state.start.value = "starting";
    remember("");
  }
});

test("the data of the last account is shown before the server answers, and without it", async () => {
  for (const [answer, rest] of /** @type {[string | number, string[]][]} */ ([
    ["alice", ["run alice"]],
    [401, ["fail alice 401"]],
    [0, ["fail alice 0"]],
  ])) {
    [steps, answers] = [[], [answer]];
    [state.store.value, state.sync.value] = [undefined, undefined];
    remember("alice");
    await begin();
    assert.deepEqual(steps, ["open alice", "who", ...rest]);
    assert.deepEqual(shown(), ["ready", "alice", "alice"]);
  }
});

test("of another account nothing stays that was open, selected, said or done", async () => {
  await opened();
  state.selection.value = new Set(["milk"]);
  state.toast.value = { text: "Finished", title: "milk", undo: true };
  state.dialog.value = "problems";
  done.value = [{ text: "", title: "", deeds: [] }];
  undone.value = done.value;
  answers = ["bob"];
  await begin();
  assert.deepEqual(steps, ["who", "stop alice", "close alice", "open bob", "run bob"]);
  assert.deepEqual(shown(), ["ready", "bob", "bob"]);
  assert.deepEqual(
    [state.selection.value.size, state.toast.value, state.dialog.value, done.value, undone.value],
    [0, undefined, "", [], []],
  );
});

test("who tries again stores first, and asks who it is if that is not known", async () => {
  answers = [0];
  retry();
  await settled();
  assert.deepEqual(steps, ["who"]);
  await opened();
  retry();
  assert.deepEqual(steps.splice(0), ["save alice", "retry alice"]);
  assert.ok(state.sync.value);
  state.sync.value.standing.value = "logged_out";
  answers = [401];
  retry();
  await settled();
  assert.deepEqual(steps.splice(0), ["save alice", "who"]);
  answers = ["alice", "alice"];
  retry();
  await settled();
  assert.deepEqual(steps, ["save alice", "who", "who", "run alice"]);
});

test("a log-out leaves nothing, also if it was one already or the database is gone", async () => {
  const end = ["stop alice", "erase alice", "go to /dev/"];
  for (const [answer, can, wanted] of /** @type {[string | number, boolean, string[]][]} */ ([
    ["alice", true, ["who", "log out", ...end]],
    ["alice", false, ["who", "log out", ...end]],
    [401, true, ["who", ...end]],
  ])) {
    [state.store.value, state.sync.value] = [undefined, undefined];
    await opened();
    [answers, erases] = [[answer], can];
    await logOutNow();
    assert.deepEqual([steps, remembered()], [wanted, ""], String(answer));
  }
});

test("without a network nobody is logged out, it is said, and what waits is still sent", async () => {
  await opened();
  answers = [0, 0];
  await logOutNow();
  assert.deepEqual(steps, ["who", "who", "fail alice 0"]); // it is not stopped
  const text = "You cannot log out without a network.";
  assert.deepEqual(state.toast.value, { text, title: "", undo: false });
  assert.equal(remembered(), "alice");
});

test("who logs out is asked first if something waits", async () => {
  await opened();
  answers = [401];
  assert.ok(state.store.value);
  state.store.value.waiting.value = { count: 1, since: "" };
  logOutAsked();
  assert.deepEqual([state.dialog.value, steps], ["log-out", []]);
  state.store.value.waiting.value = { count: 0, since: "" };
  state.dialog.value = "";
  logOutAsked();
  await settled();
  assert.deepEqual([state.dialog.value, steps[0], steps[1]], ["", "who", "stop alice"]);
});
