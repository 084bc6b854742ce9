// One to-do with all that belongs to it: beside the list on a desk, a sheet on a phone.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  draft,
  moveToList,
  prioritise,
  purge,
  rename,
  restore,
  schedule,
  tag,
  takeNotes,
  trash,
} from "#app/actions.js";
import { date, plus, weekday } from "#app/days.js";
import { counts, homeOf, seen } from "#app/lists.js";
import { byPlace } from "#app/order.js";
import * as state from "#app/state.js";
import { gettext, language, TAG_LENGTH } from "#app/text.js";
import { html, Icon } from "#app/views/html.js";
import { data } from "#app/views/list.js";
import { Prose } from "#app/views/prose.js";
import { focusRow, PRIORITIES, Tick } from "#app/views/row.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").List} List */

export function closeDetail() {
  const { todo } = state.route.value;
  state.open("");
  requestAnimationFrame(() => focusRow(todo));
}

const FIRST_DAY = "1900-01-01";

/** @param {Event} event */
const textOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;

/**
 * A field that shows a value, but never while somebody is in it: what they type stays.
 * @param {string} value
 */
function useShown(value) {
  const field = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => {
    if (field.current && field.current !== document.activeElement) field.current.value = value;
  });
  return field;
}

/**
 * What is typed into a field of a to-do: kept when the field is left, and also when it is taken away.
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
  useEffect(() => {
    addEventListener("pagehide", keep);
    return () => {
      removeEventListener("pagehide", keep);
      keep();
    };
  }, []);
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
    end();
    requestAnimationFrame(() => document.getElementById("detail-notes")?.focus());
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

/** @param {{todo: Todo}} props */
function Due({ todo }) {
  const due = seen(todo, state.zone.value);
  const today = state.today.value;
  const dayField = useShown(due?.on ?? "");
  const timeField = useShown(due?.at ?? "");
  const ids = [todo.id];
  const monday = plus(today, 8 - weekday(today));
  /** @param {Event} event */
  const setDay = (event) => {
    const day = textOf(event);
    if (!day || day >= FIRST_DAY) schedule(ids, day || null, due?.at ?? null); // not a year half typed
  };
  /** @param {Event} event */
  const setTime = (event) => due && schedule(ids, due.on, textOf(event) || null);
  /** @type {[string, string][]} */
  const near = [
    [gettext("Today"), today],
    [gettext("Tomorrow"), plus(today, 1)],
    [gettext("Next week"), monday],
  ];
  return html`<div class="line">
    <dt><label for="detail-due"><${Icon} name="today" />${gettext("Due")}</label></dt>
    <dd>
      ${!due && html`<span class="quick">${near.map(([name, day]) => html`<button key=${name} class="chip" onClick=${() => schedule(ids, day)}>${name}</button>`)}</span>`}
      <input ref=${dayField} id="detail-due" type="date" min=${FIRST_DAY} max="9998-12-31" onChange=${setDay} />
      ${
        due &&
        html`<input ref=${timeField} type="time" aria-label=${gettext("Time")} onChange=${setTime} />
        <button class="ghost small" aria-label=${gettext("No day")} onClick=${() => schedule(ids, null)}><${Icon} name="close" /></button>`
      }
    </dd>
  </div>`;
}

/** @param {{todo: Todo}} props */
function Tags({ todo }) {
  /** @param {Event} event */
  const add = (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const name = field.value.replace(/^#/, "").trim();
    if (name) tag([todo.id], [name]);
    field.value = "";
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    add(event);
  };
  const others = counts(data()).tags.filter(({ name }) => !todo.tags.includes(name));
  return html`<div class="line">
    <dt><label for="detail-tag"><${Icon} name="tag" />${gettext("Tags")}</label></dt>
    <dd class="chips">
      ${todo.tags.map((name) => html`<span key=${name} class="chip"><bdi>${name}</bdi><button aria-label=${gettext("Remove {name}", { name })} onClick=${() => tag([todo.id], [], [name])}><${Icon} name="close" /></button></span>`)}
      <input id="detail-tag" list="tags" maxlength=${TAG_LENGTH} dir="auto" placeholder=${gettext("Add")} autocomplete="off" onKeyDown=${key} onChange=${add} />
      <datalist id="tags">${others.map(({ name }) => html`<option key=${name} value=${name} />`)}</datalist>
    </dd>
  </div>`;
}

/** @param {{todo: Todo}} props */
function Choices({ todo }) {
  const lists = /** @type {List[]} */ (state.all("list"))
    .filter((list) => !list.archived_at || list.id === todo.list)
    .sort(byPlace);
  const home = homeOf(todo, new Map(lists.map((list) => [list.id, list])));
  return html`<div class="line">
      <dt><label for="detail-priority"><${Icon} name="flag" />${gettext("Priority")}</label></dt>
      <dd><select id="detail-priority" class=${`p${todo.priority}`} value=${String(todo.priority)} onChange=${(/** @type {Event} */ event) => prioritise([todo.id], Number(textOf(event)))}>
        ${PRIORITIES().map((name, value) => html`<option key=${value} value=${String(value)}>${name}</option>`)}
      </select></dd>
    </div>
    <div class="line">
      <dt><label for="detail-list"><${Icon} name="inbox" />${gettext("List")}</label></dt>
      <dd><select id="detail-list" value=${home?.id} onChange=${(/** @type {Event} */ event) => moveToList([todo.id], textOf(event))}>
        ${lists.map((list) => html`<option key=${list.id} value=${list.id}>${list.is_inbox ? gettext("Inbox") : list.name}</option>`)}
      </select></dd>
    </div>`;
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
    if (event.key !== "Escape") return;
    event.stopPropagation();
    closeDetail();
  };
  useEffect(() => {
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
      <${Choices} todo=${todo} />
      <${Tags} todo=${todo} />
    </dl>
    <${Notes} key=${todo.id} todo=${todo} />
    <footer>
      <span>${gettext("Made {day}", { day: day(todo.created_at) })}${todo.finished_at ? ` · ${gettext("finished {day}", { day: day(todo.finished_at) })}` : ""}</span>
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
