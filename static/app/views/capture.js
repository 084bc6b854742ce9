// The field for new to-dos, which is always visible: Enter adds its text.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { addAll, inbox } from "#app/actions.js";
import { plus } from "#app/days.js";
import { say, sentences } from "#app/later.js";
import { clock, route, today } from "#app/state.js";
import { gettext, lines, ngettext } from "#app/text.js";
import { atOnce, html, Icon } from "#app/views/html.js";

/** @type {ReadonlySet<string>} */
const NONE = new Set();
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

/** @type {import("#app/views/understood.js").Unread[]} */
const unread = [];

sentences.here.subscribe((it) => it?.readLate(unread.splice(0)));

/**
 * New to-dos, at once: if quick add is not here yet, it reads them when it comes.
 * @param {string[]} texts
 * @param {ReadonlySet<string>} [refused]
 */
function addTexts(texts, refused = NONE) {
  const around = { given: given(), moment: clock.value, refused };
  const it = sentences.here.peek();
  if (it) return addAll(texts.map((text) => it.made(text, around)));
  const ids = addAll(texts.map((title) => ({ ...around.given, title })));
  unread.push(...ids.map((id, index) => ({ id, text: texts[index] ?? "", around })));
  return sentences.fetch().then((is) => {
    if (!is)
      say(gettext("Added as written. Days and tags in it are read when there is a network."));
  });
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
    void sentences.fetch();
    if (!typed) refused.current = NONE;
    setText(typed);
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (!field.current?.value.trim()) return;
    const sentence = field.current.value;
    field.current.value = "";
    void addTexts([sentence], refused.current);
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
  const it = sentences.here.value;
  const around = { moment: clock.value, refused: refused.current };
  return html`<form class="capture" onSubmit=${submit}>
    <${Icon} name="plus" />
    <input
      ref=${field}
      id="capture"
      dir="auto"
      autocomplete="off"
      enterkeyhint="enter"
      aria-label=${gettext("New to-do")}
      aria-describedby=${it && text ? "understood" : undefined}
      placeholder=${placeholder}
      onFocus=${() => void sentences.fetch()}
      onInput=${input}
      onPaste=${paste}
      onKeyDown=${key}
      onBlur=${close}
    />
    <button class="text" onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()}>${gettext("Add")}</button>
    ${it && text && html`<${it.Understood} text=${text} around=${around} onRefuse=${refuse} />`}
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
    if (several) void addTexts(some);
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
