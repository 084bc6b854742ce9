// Keys, clicks and text that come before the page, or a part of it, is there: each is kept and played
// as soon as it is. This module is the first that runs.
import { done as doneByBrowser, ENTRIES, isWritten } from "#app/browser.js";
import { Line } from "#app/line.js";

/** @typedef {{event: Event, target: EventTarget | null, text: string}} Held */

const LONGEST = 30_000; // milliseconds until the page stands, behind which keys are the browser's
const DROP = 200; // milliseconds: a row that is dragged over others makes room in that time
const KINDS = ["keydown", "beforeinput", "paste", "pointerdown", "pointermove", "pointerup"].concat(
  ["pointercancel", "mousedown", "mouseup", "click", "dblclick"],
);
const THEIRS = /^(F\d+|Page\w+|Shift|Control|Alt\w*|Meta|Process|Dead|Unidentified)$/;
/** Whether what is heard now comes from here: nothing else can come meanwhile. */
let plays = false;
let last = "";

/** @param {number} [time] */
const wait = (time) => new Promise((done) => setTimeout(done, time));

/** @type {Line<Held>} */
export const line = new Line(play, wait);

line.onchange = (holds) => document.documentElement.toggleAttribute("data-waits", holds);

/** The page stands, or cannot. @type {(is: boolean) => void} */
export let stand = () => {};
void line.until(
  new Promise((done) => {
    stand = done;
    setTimeout(() => done(false), LONGEST);
  }),
);

/** Keys of the browser, of the system and of languages are theirs. @param {KeyboardEvent} event */
function isOurs(event) {
  const { key, altKey, ctrlKey, metaKey } = event;
  if (event.isComposing || THEIRS.test(key)) return false;
  if (isWritten(event)) return true;
  if (altKey) return key.startsWith("Arrow");
  return !(ctrlKey || metaKey) || "zyka".includes(key.toLowerCase());
}

/** Whether the browser can be kept from doing it now. @param {Event} event */
function isKept(event) {
  if (event.type === "keydown") return event instanceof KeyboardEvent && isOurs(event);
  if (event.type === "beforeinput")
    return event.cancelable && /** @type {InputEvent} */ (event).inputType in ENTRIES;
  if (event.type !== "pointermove") return true;
  const { buttons, pointerType } = /** @type {PointerEvent} */ (event);
  return buttons > 0 && pointerType === "mouse";
}

/** The same event, to be heard later; it keeps its time. @param {Event} event @returns {Held} */
export function copy(event) {
  const Kind = /** @type {new (type: string, from: Event) => Event} */ (event.constructor);
  const text = /** @type {ClipboardEvent} */ (event).clipboardData?.getData("text/plain") ?? "";
  if (event.type !== "paste")
    return { event: new Kind(event.type, event), target: event.target, text };
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const again = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData });
  return { event: again, target: event.target, text };
}

/** @param {Event} event */
function hear(event) {
  if (plays || !event.isTrusted || !line.holds || !isKept(event)) return;
  event.stopImmediatePropagation();
  if (!event.type.startsWith("pointer")) event.preventDefault();
  keep(copy(event));
}

/** Of a way over the page only its beginning and its end matter. @param {Held} it */
export function keep(it) {
  const [before, latest] = line.held.slice(-2);
  const isWay = [before, latest, it].every((one) => one?.event.type === "pointermove");
  if (isWay) line.held.pop();
  line.held.push(it);
}

for (const kind of KINDS) addEventListener(kind, hear, { capture: true, passive: false });

/** Who types, types where the focus is; who points, points at what they have seen. @param {Held} it */
function heir({ event, target }) {
  if (!("clientX" in event)) return document.activeElement ?? document.body;
  if (target instanceof Element && target.isConnected) return target;
  const { clientX, clientY } = /** @type {MouseEvent} */ (event);
  return document.elementFromPoint(clientX, clientY) ?? document.body;
}

/** @param {Held} it */
async function play(it) {
  if (it.event.type === "pointerup" && last === "pointermove") await wait(DROP);
  last = it.event.type;
  plays = true;
  try {
    const target = heir(it);
    const { inputType, data } = /** @type {InputEvent} */ (it.event);
    if (last === "pointermove") target.dispatchEvent(new MouseEvent("mousemove", it.event));
    if (last === "beforeinput") ENTRIES[inputType]?.(target, data ?? "");
    else if (target.dispatchEvent(it.event) && !doneByBrowser(it.event, target, it.text))
      line.onloss();
  } finally {
    plays = false;
  }
}
