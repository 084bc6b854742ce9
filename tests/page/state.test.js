// Where the page is, what it remembers of itself, and the language that it speaks.

import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { uuid } from "#app/ids.js";
import { read, write } from "#app/route.js";
import * as state from "#app/state.js";
import { tongue } from "#app/text.js";
import { speak, speakAsChosen, usual } from "#app/tongues.js";
import { page } from "./memory.js";
import { begin } from "./world.js";

/** @type {[string, string][]} */
let history;

beforeEach(() => {
  history = [];
  const to =
    (/** @type {string} */ how) =>
    (/** @type {any[]} */ ...[, , address]) => {
      history.push([how, address]);
      location.hash = address;
    };
  Object.assign(globalThis, { history: { pushState: to("push"), replaceState: to("replace") } });
  begin();
});

afterEach(() => mock.restoreAll());

test("an address is read and written with all that it says", () => {
  const none = { of: "", todo: "", query: "", add: false };
  for (const [hash, route] of /** @type {[string, any][]} */ ([
    ["", { ...none, view: "today" }],
    ["#inbox", { ...none, view: "inbox" }],
    ["#/list/a%2Fb/c?todo=t1", { ...none, view: "list", of: "a/b/c", todo: "t1" }],
    ["#/search?q=due%3Atoday+x&add", { ...none, view: "search", query: "due:today x", add: true }],
    ["#/todo/t1?todo=t2", { ...none, view: "todo", todo: "t1" }],
    ["#/tag/50%", { ...none, view: "tag", of: "50%" }],
  ]))
    assert.deepEqual(read(hash), route, hash);
  assert.equal(write({ view: "inbox" }), "#/inbox");
  assert.equal(
    write({ view: "tag", of: "a b/c", todo: "t1", query: "x&y" }),
    "#/tag/a%20b%2Fc?q=x%26y&todo=t1",
  );
});

test("who goes to a place leaves a trace once, and selects and opens nothing there", () => {
  const select = () => {
    state.selection.value = new Set(["milk"]);
    state.sidebar.value = true;
  };
  const left = () => [state.selection.value.size, state.sidebar.value];
  select();
  state.go({ view: "list", of: "home" });
  assert.deepEqual(left(), [0, false]);
  select();
  state.go({ view: "list", of: "home" });
  assert.deepEqual(left(), [1, false]);
  select();
  state.go({ view: "list", of: "old" });
  assert.deepEqual(left(), [0, false]);
  select();
  state.go({ view: "tag", of: "old" });
  assert.deepEqual(left(), [0, false]);
  assert.deepEqual(
    history,
    ["list/home", "list/old", "tag/old"].map((to) => ["push", `#/${to}`]),
  );
});

test("a to-do is opened beside its view, and leaves no trace", () => {
  state.go({ view: "search", query: "milk" });
  state.selection.value = new Set(["milk"]);
  state.open("milk");
  assert.deepEqual(history[1], ["replace", "#/search?q=milk&todo=milk"]);
  assert.deepEqual([state.route.value.todo, state.route.value.query], ["milk", "milk"]);
  assert.equal(state.selection.value.size, 1);
  state.open("");
  assert.deepEqual(history[2], ["replace", "#/search?q=milk"]);
});

test("the colours of tags are the same object until one changes", () => {
  const data = state.store.value;
  assert.ok(data);
  const first = state.tagColors.value;
  assert.deepEqual([...first], [["shop", "#0b6e62"]]);
  data.all("tag").set("t2", { id: "t2", name: "plain", color: "", version: 1 });
  data.changed();
  assert.equal(state.tagColors.value, first);
  data.all("tag").set("t2", { id: "t2", name: "plain", color: "#000000", version: 2 });
  data.changed();
  assert.deepEqual([...state.tagColors.value].at(-1), ["plain", "#000000"]);
});

test("the day is that of the account, or else of the browser", () => {
  const browser = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const [zone, wanted] of [
    ["Pacific/Kiritimati", "Pacific/Kiritimati"],
    ["", browser],
  ]) {
    state.store.value?.all("profile").set("me", /** @type {any} */ ({ id: "me", time_zone: zone }));
    state.store.value?.changed();
    assert.equal(state.zone.value, wanted);
    if (zone) assert.deepEqual(state.now.value, { on: "2026-11-27", at: "02:00" });
  }
});

test("a setting is kept as it was set, also if it is empty", () => {
  const setting = state.kept("test", "usual");
  assert.equal(setting.value.value, "usual");
  setting.set("");
  assert.deepEqual([setting.value.value, state.kept("test", "usual").value.value], ["", ""]);
  state.fold("a");
  state.fold("b");
  state.fold("a");
  assert.deepEqual([[...state.folded.value], localStorage.getItem("nudge.folded")], [["b"], "b"]);
  state.fold("b");
  assert.deepEqual([...state.folded.value], []);
});

test("the page speaks as the account says, or else as the browser, and English for the rest", async () => {
  const root = /** @type {any} */ (page.documentElement);
  root.lang = "en";
  const spoken = () => [tongue.value.language, root.lang, Object.keys(tongue.value.catalogue)[0]];
  await speakAsChosen(undefined); // nobody knows yet
  assert.deepEqual([spoken(), usual()], [["en", "en", undefined], "en"]);
  await speakAsChosen("zh-Hans");
  const [name, lang, text] = spoken();
  assert.deepEqual([name, lang, usual(), Boolean(text)], ["zh-Hans", "zh-Hans", "zh-Hans", true]);
  const before = tongue.value;
  await speak("zh-Hans");
  await speakAsChosen(undefined); // at the next start
  assert.deepEqual(
    [tongue.value === before, localStorage.getItem("nudge.language")],
    [true, "zh-Hans"],
  );
  await speakAsChosen("fr");
  assert.deepEqual([spoken(), usual()], [["en", "en", undefined], "fr"]);
  await speakAsChosen("");
  assert.deepEqual([usual(), localStorage.getItem("nudge.language")], ["en", null]);
});

test("an id is a UUID of version 4, also if the browser makes none", () => {
  mock.method(crypto, "getRandomValues", (/** @type {Uint8Array} */ bytes) => bytes.fill(0xff));
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  try {
    assert.equal(uuid(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  } finally {
    delete (/** @type {any} */ (crypto).randomUUID);
  }
});
