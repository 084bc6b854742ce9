// Applies every change, and records it for undo and for the message on the page.
import { signal } from "@preact/signals";
import { inverse, matters } from "#app/model.js";
import { added, store, toast } from "#app/state.js";
import { finishedAbove } from "#app/subtasks.js";
import { gettext } from "#app/text.js";

/** @typedef {import("#app/model.js").Deed} Deed */
/** @typedef {{text: string, title: string, deeds: Deed[]}} Step */

export const LONGEST_UNDO = 100;
export const done = signal(/** @type {Step[]} */ ([]));
export const undone = signal(/** @type {Step[]} */ ([]));

/**
 * Applies the deeds, records their inverse, and shows a message if there is one. Without one, a
 * screen reader announces a new to-do.
 * @param {Deed[]} deeds
 * @param {string} [text]
 * @param {string} [title] of the one to-do that it is about
 */
export function act(deeds, text = "", title = "") {
  const back = commit(deeds);
  if (!back) return;
  if (back.length) done.value = [...done.value, { text, title, deeds: back }].slice(-LONGEST_UNDO);
  undone.value = [];
  if (text) toast.value = { text, title, undo: back.length > 0 };
  const [deed] = deeds;
  if (!text && deed?.op === "create")
    added.value = { id: deed.id, title: deed.fields?.title ?? "" };
}

/** The inverse deeds, the last one first; undefined if the deeds change nothing.
 * @param {Deed[]} deeds
 */
export function commit(deeds) {
  const data = store.peek();
  const real = data ? deeds.filter((deed) => matters(data.get(deed.kind, deed.id), deed)) : [];
  if (!data || !real.length) return undefined;
  const back = real.map((deed) => inverse(data.get(deed.kind, deed.id), deed));
  const reopened = real.flatMap((deed) => reopenedAbove(data, deed));
  data.commit(real);
  return [...back.filter((deed) => deed !== undefined).reverse(), ...reopened];
}

/** The inverse also finishes parents that the deed reopens.
 * @param {import("#app/store.js").Store} data
 * @param {Deed} deed
 * @returns {Deed[]}
 */
function reopenedAbove(data, { kind, id, op, fields = {} }) {
  const todos = data.all("todo");
  const before = todos.get(id);
  if (
    kind !== "todo" ||
    (op !== "reopen" && !fields.parent) ||
    (before?.status === "finished" && op !== "reopen")
  )
    return [];
  const found = finishedAbove(op === "reopen" ? before : fields, todos);
  return found.map((todo) => ({ kind, id: todo.id, op: "finish" }));
}

export function undo() {
  const step = done.value.at(-1);
  if (!step) return;
  done.value = done.value.slice(0, -1);
  const again = commit(step.deeds);
  // What is purged cannot be made again, so earlier steps about it cannot be redone either.
  if (again) undone.value = again.length ? [...undone.value, { ...step, deeds: again }] : [];
  const text = step.text ? gettext("Undone: {what}", { what: step.text }) : gettext("Undone");
  toast.value = { text, title: step.title, undo: false };
}

export function redo() {
  const step = undone.value.at(-1);
  if (!step) return;
  undone.value = undone.value.slice(0, -1);
  const back = commit(step.deeds);
  if (back) done.value = [...done.value, { ...step, deeds: back }];
  const can = back !== undefined;
  toast.value = { text: step.text || gettext("Done again"), title: step.title, undo: can };
}
