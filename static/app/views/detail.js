// The detail of a to-do: beside the list on a desktop, a sheet on a phone.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { draft, rename, restore, trash } from "#app/actions.js";
import { purge, takeNotes } from "#app/changes.js";
import { date } from "#app/days.js";
import * as state from "#app/state.js";
import { gettext, language } from "#app/text.js";
import { Choices, Due, NotBefore, Tags, textOf, useShown } from "#app/views/facts.js";
import { atOnce, html, Icon } from "#app/views/html.js";
import { PartOf, Parts } from "#app/views/parts.js";
import { Prose } from "#app/views/prose.js";
import { Reminders } from "#app/views/reminders.js";
import { Repeat } from "#app/views/repeat.js";
import { closeDetail, Tick } from "#app/views/row.js";

/** @typedef {import("#app/model.js").Todo} Todo */

/**
 * The typed text in a field of a to-do; saved on blur and on removal of the field.
 * @param {Todo} todo
 * @param {"title" | "notes"} member
 * @param {(began: import("#app/actions.js").Draft, text: string) => void} save
 */
function useTyped(todo, member, save) {
  const began = useRef(draft(todo, member));
  const typed = useRef(/** @type {string | null} */ (null));
  const begin = () => {
    began.current = draft(todo, member);
    typed.current = null;
  };
  const keep = () => {
    const text = typed.current;
    typed.current = null;
    if (text !== null) save(began.current, text);
  };
  useEffect(() => keep, []);
  /** @param {Event} event */
  const input = (event) => {
    typed.current = textOf(event);
  };
  return { begin, keep, input, forget: begin };
}

/** @param {{todo: Todo}} props */
function Title({ todo }) {
  const field = useShown(todo.title);
  const { begin, keep, input, forget } = useTyped(todo, "title", rename);
  const end = () => {
    keep();
    if (!field.current?.value.trim()) field.current.value = todo.title;
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      field.current?.blur();
    }
    if (event.key === "Escape" && field.current) {
      event.stopPropagation();
      forget();
      field.current.value = todo.title;
      field.current.blur();
    }
  };
  return html`<textarea ref=${field} id="detail-title" class="title-field" rows="1" dir="auto" aria-label=${gettext("Title")}
    onFocus=${begin} onInput=${input} onBlur=${end} onKeyDown=${key}></textarea>`;
}

/** @param {{todo: Todo}} props */
function Notes({ todo }) {
  const [writes, setWrites] = useState(false);
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const { begin, keep, input } = useTyped(todo, "notes", takeNotes);
  useLayoutEffect(() => {
    if (writes) field.current?.focus();
  }, [writes]);
  const open = () => {
    begin();
    setWrites(true);
  };
  const end = () => {
    keep();
    setWrites(false);
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    atOnce(end);
    document.getElementById("detail-notes")?.focus();
  };
  /** @param {MouseEvent} event */
  const click = (event) => {
    if (!(event.target instanceof Element && event.target.closest("a"))) open();
  };
  const edit = html`<button class="text" id="detail-notes" onClick=${open}>${todo.notes ? gettext("Edit") : gettext("Add")}</button>`;
  return html`<h2>${gettext("Notes")} ${!writes && edit}</h2>
    ${
      writes
        ? html`<textarea ref=${field} class="notes-field" dir="auto" rows="6" aria-label=${gettext("Notes")} onInput=${input} onKeyDown=${key} onBlur=${end} defaultValue=${todo.notes}></textarea>`
        : html`<div onClick=${click}>${todo.notes && html`<${Prose} text=${todo.notes} />`}</div>`
    }`;
}

/** @param {string} moment */
const day = (moment) => date(moment.slice(0, 10), state.today.value, language());

export function Detail() {
  const { todo: id } = state.route.value;
  const todo = /** @type {Todo | undefined} */ (state.store.value?.get("todo", id));
  state.store.value?.revision.value;
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    closeDetail();
  };
  useLayoutEffect(() => {
    if (todo && matchMedia("(max-width: 68rem)").matches) panel.current?.focus();
  }, [todo?.id]);
  if (!todo) return null;
  return html`<aside ref=${panel} tabindex="-1" class="detail" aria-label=${todo.title} onKeyDown=${key} key=${todo.id}>
    <header>
      ${!todo.deleted_at && html`<${Tick} todo=${todo} />`}
      <${Title} key=${todo.id} todo=${todo} />
      <button class="ghost" aria-label=${gettext("Close")} onClick=${closeDetail}><${Icon} name="close" /></button>
    </header>
    <dl>
      <${Due} todo=${todo} />
      <${Repeat} key=${todo.id} todo=${todo} />
      <${Reminders} todo=${todo} />
      <${NotBefore} todo=${todo} />
      <${Choices} todo=${todo} />
      <${Tags} todo=${todo} />
      ${!todo.deleted_at && html`<${PartOf} todo=${todo} />`}
    </dl>
    ${!todo.deleted_at && html`<${Parts} key=${`parts-${todo.id}`} todo=${todo} />`}
    <${Notes} key=${todo.id} todo=${todo} />
    <footer>
      <span>${gettext("Created {day}", { day: day(todo.created_at) })}${todo.finished_at ? ` · ${gettext("finished {day}", { day: day(todo.finished_at) })}` : ""}</span>
      ${
        todo.deleted_at
          ? html`<button class="button quiet" onClick=${() => restore([todo.id])}>${gettext("Restore")}</button>
            <button class="button quiet danger" onClick=${() => {
              closeDetail();
              purge([todo.id]);
            }}>${gettext("Delete for good")}</button>`
          : html`<button class="ghost" aria-label=${gettext("Move to trash")} onClick=${() => {
              closeDetail();
              trash([todo.id]);
            }}><${Icon} name="bin" /></button>`
      }
    </footer>
  </aside>`;
}
