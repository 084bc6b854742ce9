// The field for new to-dos, which is always visible: Enter adds its text.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { add, addAll, inbox } from "#app/actions.js";
import { plus } from "#app/days.js";
import { byPlace } from "#app/order.js";
import { fetchWords, readSentence } from "#app/quickadd/words.js";
import { byName, fieldsOf, understood } from "#app/sentence.js";
import { all, clock, route, today, zone } from "#app/state.js";
import { clean, fold, gettext, lines, ngettext } from "#app/text.js";
import { Chips } from "#app/views/chips.js";
import { atOnce, html, Icon } from "#app/views/html.js";

const pasted = signal(/** @type {string[]} */ ([]));

/** The fields that a new to-do takes from the view. @returns {import("#app/model.js").Fields} */
export function given() {
  const { view, of } = route.value;
  if (view === "list") return { list: of };
  if (view === "tag") return { tags: [of] };
  if (view === "today") return { due: { on: today.value, at: null, time_zone: null } };
  if (view === "upcoming") return { due: { on: plus(today.value, 1), at: null, time_zone: null } };
  return inbox() ? { list: inbox()?.id } : {};
}

const lists = () => byName(all("list").sort(byPlace));

/** @param {string} text @param {ReadonlySet<string>} refused */
function reading(text, refused) {
  const known = lists();
  const knowsList = (/** @type {string} */ name) => known.has(fold(name));
  return readSentence.value?.(text, { moment: clock.value, zone: zone.value, knowsList, refused });
}

/**
 * The fields of a new to-do from a sentence; only the title until the words are loaded.
 * @param {string} text
 * @param {ReadonlySet<string>} [refused]
 */
function made(text, refused = new Set()) {
  const found = reading(text, refused);
  if (!found) return { ...given(), title: text };
  return { ...fieldsOf(found, lists(), given()), title: clean(found.title) ? found.title : text };
}

export function focusCapture() {
  const field = document.getElementById("capture");
  if (!(field instanceof HTMLInputElement)) return;
  document.documentElement.dataset.capture = "open";
  field.focus();
}

/** @param {ClipboardEvent} event */
function paste(event) {
  const found = lines(event.clipboardData?.getData("text/plain") ?? "");
  if (found.length < 2) return;
  event.preventDefault();
  pasted.value = found;
}

/** @type {ReadonlySet<string>} */
const NONE = new Set();

/** @param {{placeholder: string}} props */
export function Capture({ placeholder }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [text, setText] = useState("");
  const refused = useRef(NONE);
  useEffect(() => {
    if (route.value.add) focusCapture();
  }, [route.value.add]);
  const input = () => {
    const typed = field.current?.value ?? "";
    if (!typed) refused.current = NONE;
    setText(typed);
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (!field.current?.value.trim()) return;
    const sentence = field.current.value;
    field.current.value = "";
    add([sentence], made(sentence, refused.current));
    input();
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    field.current?.blur();
  };
  const close = () => {
    if (!field.current?.value && !pasted.value.length)
      delete document.documentElement.dataset.capture;
  };
  /** @param {string[]} words */
  const refuse = (words) => {
    refused.current = new Set([...refused.current, ...words]);
    atOnce(() => setText(""));
    input();
    field.current?.focus();
  };
  const found = text ? reading(text, refused.current) : undefined;
  return html`<form class="capture" onSubmit=${submit}>
    <${Icon} name="plus" />
    <input
      ref=${field}
      id="capture"
      dir="auto"
      autocomplete="off"
      enterkeyhint="enter"
      aria-label=${gettext("New to-do")}
      aria-describedby=${found ? "understood" : undefined}
      placeholder=${placeholder}
      onFocus=${fetchWords}
      onInput=${input}
      onPaste=${paste}
      onKeyDown=${key}
      onBlur=${close}
    />
    <button class="text" onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()}>${gettext("Add")}</button>
    ${found && html`<${Chips} some=${understood(text, found)} reading=${found} onRefuse=${refuse} />`}
    ${pasted.value.length > 0 && html`<${Pasted} field=${field} />`}
  </form>`;
}

/** @param {{field: {current: HTMLInputElement | null}}} props */
function Pasted({ field }) {
  const some = pasted.value;
  const first = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  /** @param {boolean} several */
  const answer = (several) => () => {
    pasted.value = [];
    if (several) addAll(some.map((text) => made(text)));
    else if (field.current) field.current.value += some.join(" ");
    field.current?.focus();
  };
  return html`<p class="question" role="group">
    <span>${ngettext("{count} line was pasted.", "{count} lines were pasted.", some.length)}</span>
    <button type="button" ref=${first} class="button" onClick=${answer(true)}>
      ${ngettext("Add {count} to-do", "Add {count} to-dos", some.length)}
    </button>
    <button type="button" class="button quiet" onClick=${answer(false)}>${gettext("Keep as one line")}</button>
  </p>`;
}
