// Rows by mouse and finger: to another place, into another list, onto a day.
import { moveToList, place, postpone, tag } from "#app/actions.js";
import { selection, store } from "#app/state.js";

/** The ids that move along: of a selected row all selected ones. @param {string} id */
function moving(id) {
  return selection.value.has(id) ? [...selection.value] : [id];
}

/** @param {string | undefined} id */
const found = (id) => (id ? store.peek()?.get("todo", id) : undefined);

/** What lies under the pointer and takes rows. @param {Event | undefined} event */
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
 * Makes the rows of a list movable; gives what ends that.
 * @param {HTMLElement} list
 * @param {boolean} sorts whether they have places of their own
 */
export function draggable(list, sorts) {
  /** @type {{destroy: () => void} | undefined} */
  let sortable;
  let over = false;
  /** @type {ChildNode | null} */
  let next = null;
  import("sortablejs").then(({ default: Sortable }) => {
    if (over) return;
    sortable = Sortable.create(list, {
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
      onStart: ({ item }) => {
        next = item.nextSibling;
        document.documentElement.dataset.dragging = "yes";
      },
      onEnd: ({ item, oldIndex, newIndex, ...rest }) => {
        delete document.documentElement.dataset.dragging;
        const before = /** @type {HTMLElement | null} */ (item.previousElementSibling)?.dataset.id;
        const after = /** @type {HTMLElement | null} */ (item.nextElementSibling)?.dataset.id;
        list.insertBefore(item, next); // the rows belong to those who draw them
        const ids = moving(item.dataset.id ?? "");
        const spot = under(/** @type {any} */ (rest).originalEvent);
        if (spot) drop(ids, spot.dataset);
        else if (sorts && oldIndex !== newIndex) place(ids, found(before), found(after));
      },
    });
  });
  return () => {
    over = true;
    sortable?.destroy();
  };
}
