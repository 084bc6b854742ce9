// A row that is taken before rows can be moved: whoever holds it then, moves it as soon as they can.
import { copy, keep } from "#app/hold.js";
import { dragging } from "#app/later.js";

const NEAR = 5; // pixels; who goes no farther does not move the row
const REST = 280; // milliseconds of a finger that selects a row

/** @typedef {import("#app/hold.js").Held} Held */

/** @type {{at: PointerEvent, presses: Held[]} | undefined} */
let taken;

/** @param {PointerEvent} event */
export function grip(event) {
  if (dragging.here.peek() || event.button > 0) return;
  const { target } = event;
  // Safari's rows listen to the mouse
  const mouse = { event: new MouseEvent("mousedown", event), target, text: "" };
  const own = { at: event, presses: [copy(event), mouse] };
  taken = own;
  void dragging.fetch().then((it) => {
    if (taken !== own) return;
    taken = undefined;
    if (it) for (const press of own.presses) press.target?.dispatchEvent(press.event);
  });
}

/** A mouse moves the row, a finger the page. @param {PointerEvent} event */
function move(event) {
  if (!taken) return;
  const { at, presses } = taken;
  if (Math.hypot(event.clientX - at.clientX, event.clientY - at.clientY) < NEAR) return;
  taken = undefined;
  if (event.pointerType !== "mouse") return;
  void dragging.use();
  for (const press of [...presses, copy(event)]) keep(press);
}

/** @param {PointerEvent} event */
function leave({ type, pointerType, timeStamp }) {
  const rests = taken && pointerType === "touch" && timeStamp - taken.at.timeStamp > REST;
  const row = rests && taken?.at.target instanceof Element && taken.at.target.closest("[data-id]");
  taken = undefined;
  if (row instanceof HTMLElement && type === "pointerup")
    void dragging.use((it) => it.select(row.dataset.id ?? ""));
}

addEventListener("pointermove", move);
addEventListener("pointerup", leave);
addEventListener("pointercancel", leave);
addEventListener("contextmenu", (event) => {
  if (taken?.at.pointerType === "touch") event.preventDefault();
});
