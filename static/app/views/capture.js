// The field that is always in reach: Enter takes what stands there at that moment.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { add, inbox } from "#app/actions.js";
import { plus } from "#app/days.js";
import { route, today } from "#app/state.js";
import { gettext, lines, ngettext } from "#app/text.js";
import { html, Icon } from "#app/views/html.js";

const pasted = signal(/** @type {string[]} */ ([]));

/** What a to-do written in a view has from it. @returns {import("#app/model.js").Fields} */
export function given() {
  const { view, of } = route.value;
  if (view === "list") return { list: of };
  if (view === "tag") return { tags: [of] };
  if (view === "today") return { due: { on: today.value, at: null, time_zone: null } };
  if (view === "upcoming") return { due: { on: plus(today.value, 1), at: null, time_zone: null } };
  return inbox() ? { list: inbox()?.id } : {};
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
  useEffect(() => {
    if (route.value.add) focusCapture();
  }, [route.value.add]);
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (!field.current?.value.trim()) return;
    const text = field.current.value;
    field.current.value = "";
    add([text], given());
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    field.current?.blur();
  };
  const close = () => {
    if (!field.current?.value) delete document.documentElement.dataset.capture;
  };
  return html`<form class="capture" onSubmit=${submit}>
    <${Icon} name="plus" />
    <input
      ref=${field}
      id="capture"
      dir="auto"
      autocomplete="off"
      enterkeyhint="enter"
      aria-label=${gettext("New to-do")}
      placeholder=${placeholder}
      onPaste=${paste}
      onKeyDown=${key}
      onBlur=${close}
    />
    <button class="text" onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()}>${gettext("Add")}</button>
    ${pasted.value.length > 0 && html`<${Pasted} field=${field} />`}
  </form>`;
}

/** @param {{field: {current: HTMLInputElement | null}}} props */
function Pasted({ field }) {
  const some = pasted.value;
  const first = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useEffect(() => first.current?.focus(), []);
  /** @param {boolean} several */
  const answer = (several) => () => {
    pasted.value = [];
    if (several) add(some, given());
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
