// What a browser does by itself with a key or a press, done for those that are played late.

const TEXT = "textarea, input:not([type]), input:is([type=text], [type=search], [type=email])";
const PRESSED = "button, summary, [type=checkbox], [type=radio]";
const REACHED =
  "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex^='-'])";

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/** @param {Element} target @returns {Field | undefined} */
const field = (target) => (target.matches(TEXT) ? /** @type {Field} */ (target) : undefined);

/** Where the caret stands. @param {Element} target @param {string} text */
function insert(target, text) {
  if (field(target) && text) document.execCommand("insertText", false, text);
}

/** @param {Element} target @param {string} how */
function erase(target, how) {
  if (field(target)) document.execCommand(how);
}

/** By its button, if it has one. @param {HTMLFormElement | null} form */
function send(form) {
  const button = form?.querySelector("button:not([type=button]), [type=submit]");
  if (button instanceof HTMLElement) button.click();
  else form?.requestSubmit();
}

/** @param {Element} target */
function submit(target) {
  if (target instanceof HTMLTextAreaElement) insert(target, "\n");
  else if (field(target)) send(target.closest("form"));
  else if (target.matches(`a, ${PRESSED}`)) /** @type {HTMLElement} */ (target).click();
}

/** What a keyboard without keys does. @type {Record<string, (target: Element, text: string) => void>} */
export const ENTRIES = {
  insertText: insert,
  insertLineBreak: submit,
  deleteContentBackward: (target) => erase(target, "delete"),
};

/** @param {Element} target @param {(from: number, length: number) => number} to */
function caret(target, to) {
  const it = field(target);
  const at = it && to(it.selectionEnd ?? 0, it.value.length);
  it?.setSelectionRange(at ?? 0, at ?? 0);
}

/** The option by so many, or the one that begins with a letter. @param {Element} target @param {number | string} to */
function choose(target, to) {
  if (!(target instanceof HTMLSelectElement)) return;
  const named = [...target.options].findIndex(({ text }) =>
    text.toLowerCase().startsWith(String(to).toLowerCase()),
  );
  const index = typeof to === "number" ? target.selectedIndex + to : named;
  if (!target.options[index] || index === target.selectedIndex) return;
  target.selectedIndex = index;
  for (const kind of ["input", "change"]) target.dispatchEvent(new Event(kind, { bubbles: true }));
}

/** To the next that can have the focus, within what is open. @param {Element} from @param {number} by */
function step(from, by) {
  const dialogs = document.querySelectorAll("dialog[open]");
  const within = dialogs[dialogs.length - 1] ?? document;
  const all = /** @type {HTMLElement[]} */ ([...within.querySelectorAll(REACHED)]).filter(
    (one) =>
      one === from || (one.tabIndex >= 0 && !one.matches(":disabled") && one.checkVisibility()),
  );
  const at = all.indexOf(/** @type {HTMLElement} */ (from));
  all[at < 0 && by < 0 ? all.length - 1 : at + by]?.focus();
}

/** What is searched for. @param {Element} target */
function clear(target) {
  if (!target.matches("[type=search]")) return;
  field(target)?.select();
  erase(target, "delete");
}

/** @type {Record<string, (target: Element, event: KeyboardEvent) => void>} */
const KEYS = {
  Enter: submit,
  Escape: clear,
  Tab: (target, { shiftKey }) => step(target, shiftKey ? -1 : 1),
  Backspace: (target) => erase(target, "delete"),
  Delete: (target) => erase(target, "forwardDelete"),
  ArrowLeft: (target) => caret(target, (from) => Math.max(0, from - 1)),
  ArrowRight: (target) => caret(target, (from) => from + 1),
  Home: (target) => caret(target, () => 0),
  End: (target) => caret(target, (_from, length) => length),
  ArrowUp: (target) => choose(target, -1),
  ArrowDown: (target) => choose(target, 1),
};

/** Whether it is a letter: AltGr is Ctrl and Alt, and a Mac writes some with Alt. @param {KeyboardEvent} event */
export function isWritten({ key, altKey, ctrlKey, metaKey }) {
  if (key.length !== 1 || metaKey) return false;
  return altKey ? ctrlKey || !/[a-z0-9]/i.test(key) : !ctrlKey;
}

/** @param {KeyboardEvent} event @param {Element} target */
function key(event, target) {
  const { key, ctrlKey, metaKey } = event;
  if (key === " " && target.matches(PRESSED)) submit(target);
  else if (isWritten(event)) {
    insert(target, key);
    choose(target, key);
  } else if (!(ctrlKey || metaKey)) KEYS[key]?.(target, event);
  else if (key.toLowerCase() === "a") field(target)?.select();
}

/** Fields that only a browser can fill. */
const OWN = "input:is([type=date], [type=time])";

/** Gives whether it could be done; nobody has kept the browser from it. @param {Event} event @param {Element} target @param {string} text pasted */
export function done(event, target, text) {
  if (event instanceof KeyboardEvent && isWritten(event) && target.matches(OWN)) return false;
  if (event instanceof KeyboardEvent) key(event, target);
  else if (event.type === "paste") insert(target, text);
  else if (event.type === "mousedown") {
    const near = target.closest(`${REACHED}, [tabindex]`);
    if (near instanceof HTMLElement) near.focus({ preventScroll: true });
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }
  return true;
}
