// The properties of a to-do in its detail, one line each.
import { useLayoutEffect, useRef } from "preact/hooks";
import { moveToList, prioritise, schedule, startOn, tag } from "#app/changes.js";
import { plus, weekday } from "#app/days.js";
import { counts, homeOf, seen } from "#app/lists.js";
import { byPlace } from "#app/order.js";
import { data } from "#app/shown.js";
import * as state from "#app/state.js";
import { gettext, TAG_LENGTH } from "#app/text.js";
import { html, Icon } from "#app/views/html.js";
import { PRIORITIES } from "#app/views/row.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").List} List */

const FIRST_DAY = "1900-01-01";

/** @param {Event} event */
export const textOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;

/**
 * A field that shows a value, but does not overwrite it while it has the focus.
 * @param {string} value
 */
export function useShown(value) {
  const field = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => {
    if (field.current && field.current !== document.activeElement) field.current.value = value;
  });
  return field;
}

/** @param {{todo: Todo}} props */
export function Due({ todo }) {
  const due = seen(todo, state.zone.value);
  const today = state.today.value;
  const dayField = useShown(due?.on ?? "");
  const timeField = useShown(due?.at ?? "");
  const ids = [todo.id];
  const monday = plus(today, 8 - weekday(today));
  /** @param {Event} event */
  const setDay = (event) => {
    const day = textOf(event);
    if (!day || day >= FIRST_DAY) schedule(ids, day || null, due?.at ?? null); // ignores a half-typed year
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

/** The start day, before which it is not shown in Today. @param {{todo: Todo}} props */
export function NotBefore({ todo }) {
  const field = useShown(todo.start_on ?? "");
  /** @param {Event} event */
  const set = (event) => {
    const day = textOf(event);
    if (!day || day >= FIRST_DAY) startOn([todo.id], day || null);
  };
  return html`<div class="line">
    <dt><label for="detail-start"><${Icon} name="clock" />${gettext("Not before")}</label></dt>
    <dd><input ref=${field} id="detail-start" type="date" min=${FIRST_DAY} max="9998-12-31" onChange=${set} /></dd>
  </div>`;
}

/** @param {{todo: Todo}} props */
export function Tags({ todo }) {
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
export function Choices({ todo }) {
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
