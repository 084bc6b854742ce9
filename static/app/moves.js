// A row to another place by the keyboard.
import { place } from "#app/changes.js";
import { makePart, moveOut, shiftPart } from "#app/parts.js";
import { isManual, shownTodos } from "#app/shown.js";
import * as state from "#app/state.js";

/** Whether it is shown below another one. @param {import("#app/model.js").Todo} todo */
const isBelow = (todo) =>
  ["inbox", "list"].includes(state.route.value.view) &&
  shownTodos().some(({ id }) => id === todo.parent);

/** Below the row of the same level above it, or out of what it stands below.
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

/** Moves a row by one. @param {string} id @param {1 | -1} by */
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
