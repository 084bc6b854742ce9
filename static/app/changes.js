// Changes of to-dos that a person makes in a detail, by a selection or by moving rows.
import { each, front, inList, lists, rescheduled, titleOf, write } from "#app/actions.js";
import { places, placesInFront } from "#app/order.js";
import { store } from "#app/state.js";
import { clean, gettext, ngettext } from "#app/text.js";
import { act } from "#app/undo.js";

/** @typedef {import("#app/model.js").Deed} Deed */
/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").Fields} Fields */
/** @typedef {import("#app/actions.js").Draft} Draft */

/** For good. @param {string[]} ids */
export function purge(ids) {
  each(
    ids,
    "purge",
    gettext("Deleted for good"),
    ngettext("{count} to-do deleted for good", "{count} to-dos deleted for good", ids.length),
  );
}

/** @param {Draft} began @param {string} text */
export function takeNotes(began, text) {
  const notes = text.normalize("NFC").trimEnd();
  if (notes !== began.value) write(began, { notes }, gettext("Notes changed"), titleOf([began.id]));
}

/** @param {string[]} ids @param {string | null} on @param {string | null} [at] */
export function schedule(ids, on, at = null) {
  const fields = { due: on ? { on, at, time_zone: null } : null };
  const no = ngettext("{count} to-do no longer due", "{count} to-dos no longer due", ids.length);
  if (on) each(ids, "update", gettext("Rescheduled"), rescheduled(ids), fields);
  else each(ids, "update", gettext("No longer due"), no, fields);
}

/** @param {string[]} ids @param {string | null} on */
export function startOn(ids, on) {
  const words = on ? gettext("Put off") : gettext("No longer put off");
  each(ids, "update", words, words, { start_on: on });
}

/** Null: it comes no more. @param {string[]} ids @param {string | null} recurrence @param {Fields} [more] */
export function repeat(ids, recurrence, more = {}) {
  const words = recurrence ? gettext("Comes again") : gettext("Comes no more");
  each(ids, "update", words, words, { recurrence, ...more });
}

/** @param {string[]} ids @param {number} priority */
export function prioritise(ids, priority) {
  const words = gettext("Priority changed");
  each(ids, "update", words, words, { priority });
}

/** @param {string[]} ids @param {string[]} added @param {string[]} [removed] */
export function tag(ids, added, removed = []) {
  const fields = { tags_added: added.map(clean).filter(Boolean), tags_removed: removed };
  const words = gettext("Tags changed");
  each(ids, "update", words, words, fields);
}

/** @param {string[]} ids @param {string} list */
export function movesToList(ids, list) {
  const found = placesInFront(front(inList(list)), ids.length);
  return ids.map((id, index) => {
    const fields = { list, parent: null, position: found[index] };
    return /** @type {Deed} */ ({ kind: "todo", id, op: "move", fields });
  });
}

/** @param {string[]} ids @param {string} list */
export function moveToList(ids, list) {
  const deeds = movesToList(ids, list);
  const found = lists().find((one) => one.id === list);
  const name = found?.is_inbox ? gettext("Inbox") : (found?.name ?? "");
  act(deeds, gettext("Moved to {name}", { name }), titleOf(ids));
}

/**
 * Between two neighbours, in the order given.
 * @param {string[]} ids
 * @param {Todo | undefined} before
 * @param {Todo | undefined} after
 * @param {Todo | null} [parent] what they are to stand below
 */
export function place(ids, before, after, parent) {
  const found = places(before?.position ?? null, after?.position ?? null, ids.length);
  const under = parent === undefined ? {} : { parent: parent?.id ?? null };
  const deeds = ids.map((id, index) => {
    const list = parent && parent.list !== store.peek()?.get("todo", id)?.list;
    const fields = { ...under, ...(list ? { list: parent.list } : {}), position: found[index] };
    return /** @type {Deed} */ ({ kind: "todo", id, op: "move", fields });
  });
  act(deeds, gettext("Moved"), titleOf(ids));
}

/** @param {string} id @param {import("#app/model.js").Reminder[]} reminders */
export function remind(id, reminders) {
  const words = gettext("Reminders changed");
  each([id], "update", words, words, { reminders });
}
