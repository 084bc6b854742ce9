// The page without a view and without a database: what alice has, and what her deeds make of it.

import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { mock } from "node:test";
import { keyOf } from "#app/model.js";
import * as state from "#app/state.js";
import { Store } from "#app/store.js";
import { done, undo, undone } from "#app/undo.js";
import { NOON, todo } from "./memory.js";

/** @typedef {Record<string, any>} Row */

const OWN = { recurrence: null, recurrence_from: "due", priority: 0, start_on: null };
const LISTS = [
  { id: "old", name: "Old", color: "", position: "a2", is_inbox: false, archived_at: NOON },
  { id: "home", name: "Home", color: "#2b5fa8", position: "a1", is_inbox: false },
  { id: "inbox", name: "of the server", color: "", position: "a0", is_inbox: true },
];
/** In the inbox; at home a party, below it guests and music, below the guests one. @type {Row[]} */
const TODOS = [
  todo("tea", { position: "a3", status: "finished", finished_at: NOON, start_on: "2026-12-01" }),
  todo("bread", {
    position: "a2",
    due: { on: "2026-11-20", at: "08:00", time_zone: "Europe/Berlin" },
    recurrence: "FREQ=DAILY",
  }),
  todo("milk", { position: "a1", version: 4, priority: 1, tags: ["shop"], notes: "two" }),
  todo("gone", { position: "Zz", deleted_at: NOON }),
  todo("soap", { list: "home", position: "a5" }),
  todo("party", { list: "home", position: "a2" }),
  todo("guests", { list: "home", position: "a1", parent: "party" }),
  todo("music", { list: "home", position: "a3", parent: "party" }),
  todo("ann", { list: "home", position: "a1", parent: "guests" }),
  todo("lost", { list: "home", position: "a2", parent: "guests", deleted_at: NOON }),
  todo("dust", { list: "home", position: "a3", deleted_at: NOON }),
  todo("towel", { list: "home", position: "a7" }),
].map((one) => ({ ...OWN, reminders: [], ...one }));
const ALL = /** @type {["todo" | "list" | "filter" | "tag", Row[]][]} */ ([
  ["todo", TODOS],
  ["list", LISTS],
  ["filter", [{ id: "soon", name: "Soon", query: "due:overdue", color: "", position: "a0" }]],
  ["tag", [{ id: "t1", name: "shop", color: "#0b6e62" }]],
]);

/** Opens all that; gives the deeds that the store gets from then on, as they are. */
export function begin() {
  let ids = 0;
  mock.method(crypto, "randomUUID", () => `new${++ids}`);
  const store = new Store("alice");
  store.channel.close();
  ids = 0;
  for (const [kind, some] of ALL)
    for (const content of some) {
      const key = keyOf(kind, content.id);
      store.bases.set(key, /** @type {any} */ ({ archived_at: null, version: 1, ...content }));
      store.show(key);
    }
  /** @type {any[]} */
  const deeds = [];
  store.commit = (some) => {
    deeds.push(...some);
    ids = 100; // those of operations
    for (const deed of some) store.showDone(deed, NOON);
    store.changed();
  };
  state.store.value = store;
  state.sync.value = /** @type {any} */ ({ standing: { peek: () => "fine" } });
  state.clock.value = Date.parse(NOON);
  state.selection.value = new Set();
  state.route.value = { view: "inbox", of: "", todo: "", query: "", add: false };
  [state.toast.value, state.added.value] = [undefined, undefined];
  [done.value, undone.value] = [[], []];
  return { store, deeds };
}

/** @param {string} id @returns {any} */
export const the = (id) => state.store.value?.get("todo", id);

/** A deed in short. @param {Row} deed @returns {[string, ...Row[]]} */
function short({ kind, id, op, fields, ...more }) {
  const rest = Object.keys(more).length ? [more] : [];
  return [`${op} ${kind} ${id}`, ...(fields || rest.length ? [fields ?? {}] : []), ...rest];
}

/** Deeds in short: what a change makes, what it says, and what undo makes. @param {() => unknown} change */
export function outcome(change) {
  const { deeds } = begin();
  change();
  const made = deeds.splice(0).map(short);
  const said = state.toast.value;
  undo();
  return { made, said, back: deeds.map(short) };
}

/**
 * What a change makes and says, and what undo makes and says.
 * @param {[does: () => unknown, text: string, title: string, made: any[], back: any[]]} change
 */
export function provesAll([does, text, title, made, back]) {
  const said = text ? { text, title, undo: true } : undefined;
  const undone = { text: text ? `Undone: ${text}` : "Undone", title, undo: false };
  assert.deepEqual(outcome(does), { made, said, back }, String(does));
  assert.deepEqual(state.toast.value, undone, String(does));
}
