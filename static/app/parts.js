// Every change of what stands below what that a person can make.
import { place } from "#app/changes.js";
import { uuid } from "#app/ids.js";
import { placeBehind } from "#app/order.js";
import { kin, store } from "#app/state.js";
import { above, mayStand } from "#app/subtasks.js";
import { clean, split } from "#app/text.js";
import { act } from "#app/undo.js";

/** @typedef {import("#app/model.js").Todo} Todo */

/** @returns {Map<string, Todo>} */
const todos = () => store.peek()?.all("todo") ?? new Map();

/** The direct subtasks, in order. @param {string | null | undefined} id @returns {Todo[]} */
const partsOf = (id) => (kin.peek().get(id ?? "") ?? []).filter((todo) => !todo.deleted_at);

/** Adds a subtask after the others. @param {Todo} parent @param {string} text */
export function addPart(parent, text) {
  const [title, notes] = split(clean(text));
  if (!title) return;
  const fields = { title, ...(notes ? { notes } : {}), list: parent.list, parent: parent.id };
  const position = placeBehind(partsOf(parent.id));
  act([{ kind: "todo", id: uuid(), op: "create", fields: { ...fields, position } }]);
}

/** Whether it may become a subtask of the other one. @param {string} id @param {Todo | undefined} parent */
export const fits = (id, parent) =>
  parent !== undefined && !parent.deleted_at && mayStand(id, parent, todos(), kin.peek());

/** Moves it after the subtasks of the other one. @param {string} id @param {Todo} parent */
export function makePart(id, parent) {
  if (fits(id, parent)) place([id], partsOf(parent.id).at(-1), undefined, parent);
}

/** Moves it after its former parent. @param {Todo} todo */
export function moveOut(todo) {
  const [parent, over = null] = above(todo, todos());
  if (!parent) return;
  const beside = over
    ? partsOf(over.id)
    : [...todos().values()].filter(
        (one) => !one.parent && !one.deleted_at && one.list === todo.list,
      );
  const next = beside
    .filter(({ position }) => position > parent.position)
    .sort((a, b) => (a.position < b.position ? -1 : 1))[0];
  place([todo.id], parent, next, over);
}

/** Moves it among the subtasks of its parent. @param {Todo} todo @param {1 | -1} by */
export function shiftPart(todo, by) {
  const rest = partsOf(todo.parent).filter(({ id }) => id !== todo.id);
  const from = partsOf(todo.parent).findIndex(({ id }) => id === todo.id);
  const to = from + by;
  if (to >= 0 && to <= rest.length) place([todo.id], rest[to - 1], rest[to]);
}
