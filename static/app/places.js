// All changes of lists, saved filters and tags by the user.
import { inbox, inList, lists } from "#app/actions.js";
import { uuid } from "#app/ids.js";
import { byPlace, placeBehind } from "#app/order.js";
import { QUERY_LENGTH, typed } from "#app/query.js";
import { filters } from "#app/shown.js";
import { all, toast } from "#app/state.js";
import { clean, fold, gettext } from "#app/text.js";
import { act, commit, done } from "#app/undo.js";

/** @typedef {import("#app/model.js").Deed} Deed */
/** @typedef {import("#app/model.js").Fields} Fields */

/** @param {string} text @returns {string} its id */
export function addList(text) {
  const name = clean(text);
  if (!name) return "";
  const id = uuid();
  const fields = { name, position: placeBehind(lists().sort(byPlace)) };
  act([{ kind: "list", id, op: "create", fields }], gettext("List added"), name);
  return id;
}

/** @param {string} id @param {Fields} fields */
export function changeList(id, fields) {
  act([{ kind: "list", id, op: "update", fields }], gettext("List changed"));
}

/**
 * Deletes permanently; the to-dos move to the inbox or to the trash.
 * @param {string} id
 * @param {boolean} trashes
 */
export function removeList(id, trashes) {
  const home = inbox()?.id ?? "";
  const deeds = inList(id).map((todo) => {
    const deed = trashes ? { op: "trash" } : { op: "move", fields: { list: home } };
    return /** @type {Deed} */ ({ kind: "todo", id: todo.id, ...deed });
  });
  commit([...deeds, { kind: "list", id, op: "purge", fields: { todos: "move" } }]);
  done.value = [];
  toast.value = { text: gettext("List deleted"), title: "", undo: false };
}

// --- Saved filters ----------------------------------------------------------------------------------

/** @param {string} text @param {string} words @param {string} [color] @returns {string} its id */
export function addFilter(text, words, color = "") {
  const name = clean(text);
  const query = typed(words).slice(0, QUERY_LENGTH);
  if (!name || !query) return "";
  const id = uuid();
  const fields = { name, query, color, position: placeBehind(filters()) };
  act([{ kind: "filter", id, op: "create", fields }], gettext("Filter saved"), name);
  return id;
}

/** @param {string} id @param {Fields} fields */
export function changeFilter(id, fields) {
  act([{ kind: "filter", id, op: "update", fields }], gettext("Filter changed"));
}

/** Deletes only the filter, permanently, and no to-do. @param {string} id */
export function removeFilter(id) {
  commit([{ kind: "filter", id, op: "purge" }]);
  toast.value = { text: gettext("Filter deleted"), title: "", undo: false };
}

// --- Tags -------------------------------------------------------------------------------------------

/** The object of a name; a new tag has one when the server has seen it. @param {string} name */
export const tagNamed = (name) =>
  /** @type {import("#app/model.js").Tag[]} */ (all("tag")).find(
    (tag) => fold(tag.name) === fold(name),
  );

/** @param {string} name @param {Fields} fields */
export function changeTag(name, fields) {
  const tag = tagNamed(name);
  const deed = tag
    ? {
        kind: /** @type {const} */ ("tag"),
        id: tag.id,
        op: /** @type {const} */ ("update"),
        fields,
      }
    : {
        kind: /** @type {const} */ ("tag"),
        id: uuid(),
        op: /** @type {const} */ ("create"),
        fields,
      };
  act([deed], gettext("Tag changed"));
}

/** Removes the tag from every to-do and deletes it permanently. @param {string} name */
export function removeTag(name) {
  const tag = tagNamed(name);
  if (tag) commit([{ kind: "tag", id: tag.id, op: "purge" }]);
  toast.value = { text: gettext("Tag deleted"), title: "", undo: false };
}
