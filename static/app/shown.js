// What the view at hand shows, in its order, and what is selected in it.
import { sections } from "#app/lists.js";
import { byPlace } from "#app/order.js";
import * as state from "#app/state.js";

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

export const filters = () =>
  /** @type {import("#app/model.js").Filter[]} */ (state.all("filter")).sort(byPlace);

/** The route, with the words of a saved filter. */
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
