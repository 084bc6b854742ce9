// Rows by mouse and finger: to another place, into another list, onto a day.
import Sortable from "sortablejs";
import { postpone } from "#app/actions.js";
import { moveToList, place, tag } from "#app/changes.js";
import { fits } from "#app/parts.js";
import { toggleSelected } from "#app/shown.js";
import { selection, store } from "#app/state.js";
import { above } from "#app/subtasks.js";

/** @param {Event | undefined} event */
const isTouch = (event) =>
  event !== undefined &&
  ("touches" in event || /** @type {PointerEvent} */ (event).pointerType === "touch");

/** The click that follows is no second choice. @param {string} id */
export function select(id) {
  const stop = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }), 400);
  toggleSelected(id);
}

/** The ids that move along: all selected rows, if this row is selected. @param {string} id */
function moving(id) {
  return selection.value.has(id) ? [...selection.value] : [id];
}

/** @param {string | undefined} id */
const found = (id) => (id ? store.peek()?.get("todo", id) : undefined);

/** The drop target under the pointer. @param {Event | undefined} event */
function under(event) {
  const point =
    event && "changedTouches" in event
      ? /** @type {TouchEvent} */ (event).changedTouches[0]
      : /** @type {PointerEvent | undefined} */ (event);
  if (!point) return undefined;
  const spots = document.elementsFromPoint(point.clientX, point.clientY);
  return /** @type {HTMLElement | undefined} */ (
    spots
      .map((spot) => spot.closest("[data-drop-list], [data-drop-day], [data-drop-tag]"))
      .find(Boolean) ?? undefined
  );
}

/** @param {string[]} ids @param {DOMStringMap} onto */
function drop(ids, { dropList, dropDay, dropTag }) {
  if (dropList) moveToList(ids, dropList);
  if (dropDay) postpone(ids, dropDay);
  if (dropTag) tag(ids, [dropTag]);
}

/**
 * Moves before the following row, or after all; no row goes below itself.
 * @param {string[]} ids
 * @param {string | undefined} before
 * @param {string | undefined} after
 * @param {string} [within] what all rows of the list stand below
 */
function between(ids, before, after, within = "") {
  const todos = store.peek()?.all("todo") ?? new Map();
  const next = found(after);
  if (next && [next, ...above(next, todos)].some(({ id }) => ids.includes(id))) return;
  const last = found(before);
  const [over] = within ? [found(within)] : next ? above(next, todos) : [];
  const line = last ? [last, ...above(last, todos)] : [];
  const beside = line.find((todo) => (todo.parent ?? null) === (over?.id ?? null)) ?? line.at(-1);
  if (ids.every((id) => !over || fits(id, over))) place(ids, beside, next, over ?? null);
}

/**
 * Makes the rows of a list movable; returns a function that undoes this.
 * @param {HTMLElement} list
 * @param {boolean} sorts whether they have places of their own
 */
export function draggable(list, sorts) {
  let pressed = false;
  /** @type {ChildNode | null} */
  let next = null;
  const noMenu = (/** @type {Event} */ event) => pressed && event.preventDefault();
  list.addEventListener("contextmenu", noMenu);
  const sortable = Sortable.create(list, {
    sort: sorts,
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 140,
    delay: 280,
    delayOnTouchOnly: true,
    touchStartThreshold: 6,
    filter: "input, textarea, .tick",
    preventOnFilter: false,
    draggable: "[data-id]",
    forceFallback: true,
    fallbackTolerance: 5,
    onChoose: (event) => {
      pressed = isTouch(/** @type {any} */ (event).originalEvent);
    },
    onUnchoose: ({ item }) => {
      if (pressed) select(item.dataset.id ?? ""); // a finger that stayed where it was
      pressed = false;
    },
    onStart: ({ item }) => {
      pressed = false;
      next = item.nextSibling;
      document.documentElement.dataset.dragging = "yes";
    },
    onEnd: ({ item, oldIndex, newIndex, ...rest }) => {
      delete document.documentElement.dataset.dragging;
      const before = /** @type {HTMLElement | null} */ (item.previousElementSibling)?.dataset.id;
      const after = /** @type {HTMLElement | null} */ (item.nextElementSibling)?.dataset.id;
      list.insertBefore(item, next?.parentNode === list ? next : null); // who draws them, owns them
      const ids = moving(item.dataset.id ?? "");
      const spot = under(/** @type {any} */ (rest).originalEvent);
      if (spot) drop(ids, spot.dataset);
      else if (sorts && oldIndex !== newIndex) between(ids, before, after, list.dataset.parent);
    },
  });
  return () => {
    list.removeEventListener("contextmenu", noMenu);
    sortable.destroy();
  };
}
