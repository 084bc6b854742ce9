// What stands below a to-do, in its detail, and what it stands below itself.
import { useRef } from "preact/hooks";
import { grip } from "#app/grip.js";
import { addPart, fits, makePart, moveOut, shiftPart } from "#app/parts.js";
import { write } from "#app/route.js";
import * as state from "#app/state.js";
import { above, LEVELS, progress } from "#app/subtasks.js";
import { gettext } from "#app/text.js";
import { textOf } from "#app/views/facts.js";
import { atOnce, html, Icon } from "#app/views/html.js";
import { Tick } from "#app/views/row.js";
import { useDragging } from "#app/views/rows.js";

/** @typedef {import("#app/model.js").Todo} Todo */

const MOST_CHOICES = 200;

/** @returns {Map<string, Todo>} */
const todos = () => state.store.value?.all("todo") ?? new Map();

/** @param {{todo: Todo}} props */
function Part({ todo }) {
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || !by) return;
    event.preventDefault();
    event.stopPropagation();
    atOnce(() => shiftPart(todo, /** @type {1 | -1} */ (by)));
    document.getElementById(`part-${todo.id}`)?.focus();
  };
  return html`<li data-id=${todo.id} class=${todo.status === "finished" ? "gone" : ""}>
    <${Tick} todo=${todo} />
    <a id=${`part-${todo.id}`} href=${write({ ...state.route.value, todo: todo.id })} onKeyDown=${key} draggable=${false} dir="auto"><bdi>${todo.title}</bdi></a>
    <button class="ghost small" aria-label=${gettext("Move {title} out", { title: todo.title })} onClick=${() => moveOut(todo)}><${Icon} name="left" /></button>
  </li>`;
}

/** @param {{todo: Todo}} props */
export function Parts({ todo }) {
  const list = useRef(/** @type {HTMLOListElement | null} */ (null));
  const some = (state.kin.value.get(todo.id) ?? []).filter((part) => !part.deleted_at);
  const { done, all } = progress(todo.id, state.kin.value);
  useDragging(list, true, all > 0);
  if (above(todo, todos()).length >= LEVELS - 1 && !all) return null;
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const field = document.getElementById("detail-part");
    if (!(field instanceof HTMLInputElement)) return;
    const text = field.value;
    field.value = "";
    addPart(todo, text);
  };
  return html`<h2><span>${gettext("Subtasks")} ${all > 0 && html`<small>${gettext("{done} of {all}", { done, all })}</small>`}</span></h2>
    ${all > 0 && html`<div class="bar" aria-hidden="true"><span style=${{ "--done": done / all }}></span></div>`}
    <ol ref=${list} onPointerDown=${grip} class="parts" data-parent=${todo.id} aria-label=${gettext("Subtasks")}>${some.map((part) => html`<${Part} key=${part.id} todo=${part} />`)}</ol>
    <form class="parts" onSubmit=${submit}>
      <input id="detail-part" dir="auto" autocomplete="off" enterkeyhint="enter" aria-label=${gettext("Add a subtask")} placeholder=${gettext("Add a subtask")} />
    </form>`;
}

/** @param {{todo: Todo}} props */
export function PartOf({ todo }) {
  const [parent] = above(todo, todos());
  const found = [];
  for (const one of todos().values()) {
    if (found.length === MOST_CHOICES) break;
    if (
      one.list === todo.list &&
      one.status === "open" &&
      one.id !== parent?.id &&
      fits(todo.id, one)
    )
      found.push(one);
  }
  /** @param {Event} event */
  const choose = (event) => {
    const wanted = todos().get(textOf(event));
    if (wanted) makePart(todo.id, wanted);
    else moveOut(todo);
  };
  return html`<div class="line">
    <dt><label for="detail-parent"><${Icon} name="parts" />${gettext("Part of")}</label></dt>
    <dd><select id="detail-parent" value=${parent?.id ?? ""} onChange=${choose}>
      <option value="">${gettext("Nothing")}</option>
      ${[...(parent ? [parent] : []), ...found].map((one) => html`<option key=${one.id} value=${one.id}>${one.title}</option>`)}
    </select>
    ${parent && html`<a class="text" href=${write({ ...state.route.value, todo: parent.id })}>${gettext("Open")}</a>`}</dd>
  </div>`;
}
