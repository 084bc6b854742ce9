// The changes of to-dos that the page can make from the first moment; the others: changes.js.

import { uuid } from "#app/ids.js";
import { homeOf } from "#app/lists.js";
import { byPlace, placesInFront } from "#app/order.js";
import { all, selection, store, sync } from "#app/state.js";
import { below, family } from "#app/subtasks.js";
import { clean, gettext, ngettext, split } from "#app/text.js";
import { act } from "#app/undo.js";

/** @typedef {import("#app/model.js").Deed} Deed */
/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").List} List */
/** @typedef {import("#app/model.js").Fields} Fields */

export const lists = () => /** @type {List[]} */ (all("list"));
const todos = () => /** @type {Todo[]} */ (all("todo"));

export const inbox = () => lists().find((list) => list.is_inbox);

/** The to-dos of a list; the inbox also has those of unknown lists. @param {string | undefined} id */
export function inList(id) {
  const known = new Map(lists().map((list) => [list.id, list]));
  return todos().filter((todo) => !todo.deleted_at && homeOf(todo, known)?.id === id);
}

/**
 * Adds to-dos before the others; text beyond the length of a title goes to the notes.
 * @param {string[]} titles
 * @param {Fields} [fields]
 * @returns {string[]} their ids
 */
export const add = (titles, fields = {}) => addAll(titles.map((title) => ({ title, ...fields })));

/** @param {Fields[]} some each with a title @returns {string[]} their ids */
export function addAll(some) {
  const wanted = some.filter(({ title }) => clean(title));
  /** @type {Map<string | undefined, Fields[]>} */
  const byList = new Map();
  for (const fields of wanted) {
    const list = fields.list ?? inbox()?.id;
    byList.set(list, [...(byList.get(list) ?? []), fields]);
  }
  const deeds = [...byList].flatMap(([list, those]) => {
    const first = placesInFront(front(inList(list)), those.length);
    return those.map((fields, index) => creation(fields, list, first[index]));
  });
  if (deeds.length === 1) act(deeds);
  else act(deeds, ngettext("{count} to-do added", "{count} to-dos added", deeds.length));
  return deeds.map(({ id }) => id);
}

/** @param {Fields} fields @param {string | undefined} list @param {string | undefined} position @returns {Deed} */
function creation(fields, list, position) {
  const [title, notes] = split(clean(fields.title));
  const rest = { ...(notes ? { notes } : {}), ...(list ? { list } : {}) };
  return {
    kind: "todo",
    id: uuid(),
    op: "create",
    fields: { position, ...rest, ...fields, title },
  };
}

/** The first of them, in an array. @param {Todo[]} some */
export function front(some) {
  const first = some.reduce(
    (best, todo) => (best && byPlace(best, todo) < 0 ? best : todo),
    /** @type {Todo | undefined} */ (undefined),
  );
  return first ? [first] : [];
}

/** Of one, nothing of several. @param {string[]} ids */
export const titleOf = (ids) =>
  ids.length === 1 ? (store.peek()?.get("todo", ids[0] ?? "")?.title ?? "") : "";

/**
 * @param {string[]} ids
 * @param {Deed["op"]} op
 * @param {string} one what is said of one, before its title
 * @param {string} many of several
 * @param {Fields} [fields]
 */
export function each(ids, op, one, many, fields) {
  const deeds = ids.map(
    (id) => /** @type {Deed} */ ({ kind: "todo", id, op, ...(fields ? { fields } : {}) }),
  );
  act(deeds, ids.length === 1 ? one : many, titleOf(ids));
}

/** @param {string} id */
const openBelow = (id) =>
  below(id, family(todos())).filter((todo) => !todo.deleted_at && todo.status === "open").length;

/** @param {number} count */
const withParts = (count) =>
  ngettext("Finished with {count} subtask:", "Finished with {count} subtasks:", count);

/** @param {string[]} ids */
export function finish(ids) {
  const comesAgain = ids.some((id) => store.peek()?.get("todo", id)?.recurrence);
  const words = comesAgain && sync.peek()?.standing.peek() !== "fine";
  const parts = ids.length === 1 ? openBelow(ids[0] ?? "") : 0;
  const later = gettext("Finished; the next one comes after the next sync:");
  each(
    ids,
    "finish",
    words ? later : parts ? withParts(parts) : gettext("Finished"),
    ngettext("{count} to-do finished", "{count} to-dos finished", ids.length),
  );
}

/** @param {string[]} ids */
export function reopen(ids) {
  each(
    ids,
    "reopen",
    gettext("Open again"),
    ngettext("{count} to-do open again", "{count} to-dos open again", ids.length),
  );
}

/** @param {Todo} todo */
export const tick = (todo) => (todo.status === "open" ? finish([todo.id]) : reopen([todo.id]));

/** @param {string[]} ids */
export function trash(ids) {
  each(
    ids,
    "trash",
    gettext("Moved to the trash:"),
    ngettext("{count} to-do moved to the trash", "{count} to-dos moved to the trash", ids.length),
  );
  selection.value = new Set([...selection.value].filter((id) => !ids.includes(id)));
}

/** @param {string[]} ids */
export function restore(ids) {
  each(
    ids,
    "restore",
    gettext("Restored"),
    ngettext("{count} to-do restored", "{count} to-dos restored", ids.length),
  );
}

/**
 * The state when an edit began, so that the server can detect changes by others since.
 * @typedef {{id: string, member: "title" | "notes", value: string, version: number}} Draft
 */

/** @param {Todo} todo @param {"title" | "notes"} member @returns {Draft} */
export const draft = (todo, member) => ({
  id: todo.id,
  member,
  value: todo[member],
  version: todo.version,
});

/** @param {Draft} began @param {Fields} fields @param {string} text @param {string} title */
export function write(began, fields, text, title) {
  const now = store.peek()?.get("todo", began.id)?.[began.member];
  const unseen = now !== began.value && began.version ? { base_version: began.version } : {};
  act([{ kind: "todo", id: began.id, op: "update", fields, ...unseen }], text, title);
}

/** @param {Draft} began @param {string} text */
export function rename(began, text) {
  const title = clean(text);
  if (!title || title === began.value) return;
  const [head, rest] = split(title);
  const notes = store.peek()?.get("todo", began.id)?.notes ?? "";
  const fields = rest
    ? { title: head, notes: notes ? `${rest}\n\n${notes}` : rest }
    : { title: head };
  write(began, fields, gettext("Renamed"), head);
}

/** @param {string[]} ids */
export const rescheduled = (ids) =>
  ngettext("{count} to-do rescheduled", "{count} to-dos rescheduled", ids.length);

/** Another day at the same time. @param {string[]} ids @param {string} on */
export function postpone(ids, on) {
  const deeds = ids.map((id) => {
    const due = store.peek()?.get("todo", id)?.due;
    const at = due?.at ?? null;
    const fields = { due: { on, at, time_zone: at ? (due?.time_zone ?? null) : null } };
    return /** @type {Deed} */ ({ kind: "todo", id, op: "update", fields });
  });
  act(deeds, ids.length === 1 ? gettext("Rescheduled") : rescheduled(ids), titleOf(ids));
}
