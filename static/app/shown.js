// The rows of the current view, in order, and the selection.
import { place } from "#app/actions.js";
import { sections } from "#app/lists.js";
import { makePart, moveOut, shiftPart } from "#app/parts.js";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";

/** @typedef {import("#app/model.js").Todo} Todo */

/** The sort setting of the current list. */
export function sorting() {
  const { view, of } = state.route.value;
  return state.kept(`sort.${view}.${of}`, "manual");
}

export function data() {
  return {
    todos: /** @type {Todo[]} */ (state.all("todo")),
    lists: /** @type {import("#app/model.js").List[]} */ (state.all("list")),
    now: state.now.value,
    zone: state.zone.value,
    sort: sorting().value.peek(),
    folded: state.folded.value,
  };
}

/** The route, with the query of a saved filter. */
export function shownRoute() {
  const route = state.route.value;
  if (route.view !== "filter") return route;
  return { ...route, query: state.store.value?.get("filter", route.of)?.query ?? "" };
}

/** Whether the user can choose the order of the view. @param {string} view */
export const isSorted = (view) => ["inbox", "list", "tag", "filter"].includes(view);

/** @param {string} id the row whose neighbours are wanted @returns {Todo[]} */
export function shownTodos(id = "") {
  const found = sections(shownRoute(), data(), state.showsFinished.value);
  if (!id) return found.flatMap(({ todos }) => todos);
  return found.find(({ todos }) => todos.some((todo) => todo.id === id))?.todos ?? [];
}

/** Whether rows can be moved here. */
export function isManual() {
  const { view } = state.route.value;
  return ["inbox", "list", "tag"].includes(view) && sorting().value.peek() === "manual";
}

/** Whether it is shown as a subtask. @param {Todo} todo */
const isBelow = (todo) =>
  ["inbox", "list"].includes(state.route.value.view) &&
  shownTodos().some(({ id }) => id === todo.parent);

/** Moves it below the previous row of its level, or out of its parent.
 * @param {string} id
 * @param {1 | -1} by
 */
export function indent(id, by) {
  const todo = state.store.value?.get("todo", id);
  if (!todo || todo.deleted_at) return;
  if (by < 0) return moveOut(todo);
  const beside = shownTodos(id).filter((one) => (one.parent ?? "") === (todo.parent ?? ""));
  const before = beside[beside.findIndex((one) => one.id === id) - 1];
  if (before) makePart(id, before);
}

/** Moves a row up or down by one. @param {string} id @param {1 | -1} by */
export function shift(id, by) {
  const moved = state.store.value?.get("todo", id);
  if (!moved) return;
  if (isBelow(moved)) return shiftPart(moved, by);
  const some = shownTodos(id).filter((todo) => todo.status === "open" && !isBelow(todo));
  const from = some.findIndex((todo) => todo.id === id);
  if (!isManual() || from < 0 || !some[from + by]) return;
  const rest = some.filter((todo) => todo.id !== id);
  place([id], rest[from + by - 1], rest[from + by]);
}

/** @param {string} id */
export function toggleSelected(id) {
  const some = new Set(state.selection.value);
  if (!some.delete(id)) some.add(id);
  state.selection.value = some;
}

/** Selects from the last selected row to this one. @param {string} id */
export function selectTo(id) {
  const ids = shownTodos().map((todo) => todo.id);
  const last = [...state.selection.value].at(-1) ?? state.route.value.todo;
  const [from, to] = [ids.indexOf(last), ids.indexOf(id)].sort((a, b) => a - b);
  if (from === undefined || from < 0) toggleSelected(id);
  else
    state.selection.value = new Set([
      ...state.selection.value,
      ...ids.slice(from, (to ?? from) + 1),
    ]);
}

export const SORT_NAMES = () =>
  /** @type {Record<string, string>} */ ({
    manual: gettext("My own order"),
    due: gettext("By day"),
    priority: gettext("By priority"),
    title: gettext("By title"),
    newest: gettext("Newest first"),
  });
