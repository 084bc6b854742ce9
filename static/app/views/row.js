// A to-do in a list.
import { Component } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { draft, rename, tick } from "#app/actions.js";
import { date, daysBetween, time } from "#app/days.js";
import { seen } from "#app/lists.js";
import { editing, open, route } from "#app/state.js";
import { gettext, language } from "#app/text.js";
import { atOnce, Dot, html, Icon } from "#app/views/html.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").List} List */

/** @param {string} on @param {string} today */
export function dayWords(on, today) {
  const near = { "-1": gettext("Yesterday"), 0: gettext("Today"), 1: gettext("Tomorrow") };
  const distance = /** @type {keyof typeof near} */ (daysBetween(today, on));
  return near[distance] ?? date(on, today, language());
}

export const PRIORITIES = () => [
  gettext("None"),
  gettext("Low"),
  gettext("Medium"),
  gettext("High"),
  gettext("Urgent"),
];

/** @param {{todo: Todo}} props */
export function Tick({ todo }) {
  const done = todo.status === "finished";
  return html`<button
    class=${`tick p${todo.priority}`}
    role="checkbox"
    aria-checked=${String(done)}
    aria-label=${todo.title}
    onClick=${() => tick(todo)}
  >
    ${html`<${Icon} name="check" heavy />`}
  </button>`;
}

/** @param {{todo: Todo, zone: string, today: string, late: boolean, hidesDay: boolean}} props */
function Due({ todo, zone, today, late, hidesDay }) {
  const due = seen(todo, zone);
  if (!due || (hidesDay && !due.at)) return null;
  const words = [hidesDay ? "" : dayWords(due.on, today), due.at ? time(due.at, language()) : ""];
  const kind = todo.status === "finished" ? "" : late ? "late" : due.on === today ? "now" : "";
  return html`<li class=${kind}>
    <${Icon} name="clock" />
    <span class="only-heard">${late ? gettext("Overdue:") : gettext("Due:")}</span>
    ${words.filter(Boolean).join(" ")}
  </li>`;
}

/** @param {RowProps} props */
function Meta({ todo, list, zone, today, late, hidesDay, hidesList, extra, colors, parts }) {
  const shown = list && !hidesList && !list.is_inbox;
  if (
    !todo.due &&
    !todo.notes &&
    !shown &&
    !todo.tags.length &&
    !extra &&
    !parts &&
    !todo.priority &&
    !todo.recurrence
  )
    return null;
  return html`<ul class="meta">
    <${Due} todo=${todo} zone=${zone} today=${today} late=${late} hidesDay=${hidesDay} />
    ${todo.recurrence && html`<li class="again"><${Icon} name="repeat" /><span class="only-heard">${gettext("Comes again")}</span></li>`}
    ${todo.priority > 0 && html`<li class="only-heard">${gettext("Priority: {name}", { name: PRIORITIES()[todo.priority] ?? "" })}</li>`}
    ${todo.notes && html`<li><${Icon} name="notes" /><span class="only-heard">${gettext("Has notes")}</span></li>`}
    ${shown && html`<li><${Dot} color=${list.color} /><span class="only-heard">${gettext("List:")}</span><bdi>${list.name}</bdi></li>`}
    ${todo.tags.map((name) => html`<li key=${name}>${colors.has(name) && html`<${Dot} color=${colors.get(name)} />`}<bdi>#${name}</bdi></li>`)}
    ${parts && html`<li><${Icon} name="parts" /><span class="only-heard">${gettext("Subtasks:")}</span>${parts}</li>`}
    ${extra && html`<li><${Icon} name="up" /><span class="only-heard">${gettext("Part of:")}</span><bdi>${extra}</bdi></li>`}
  </ul>`;
}

/** The title, editable in its row. @param {{todo: Todo}} props */
function TitleField({ todo }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const began = useRef(draft(todo, "title"));
  const over = useRef(false);
  useLayoutEffect(() => {
    field.current?.focus(); // select() does not focus in Safari
    field.current?.select();
  }, []);
  /** @param {boolean} keeps */
  const end = (keeps) => {
    if (over.current) return;
    over.current = true;
    if (keeps) rename(began.current, field.current?.value ?? "");
    editing.value = "";
  };
  /** @param {boolean} keeps */
  const leave = (keeps) => {
    atOnce(() => end(keeps));
    focusRow(todo.id);
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") leave(true);
    if (event.key === "Escape") leave(false);
    event.stopPropagation();
  };
  return html`<input
    ref=${field}
    class="title-field"
    dir="auto"
    aria-label=${gettext("Title")}
    defaultValue=${todo.title}
    onKeyDown=${key}
    onBlur=${() => end(true)}
    onClick=${(/** @type {Event} */ event) => event.stopPropagation()}
  />`;
}

/** Makes the title of a row editable, before the next key press. @param {string} id */
export const editTitle = (id) =>
  atOnce(() => {
    editing.value = id;
  });

/** @param {string} id */
export function focusRow(id) {
  const row = document.querySelector(`[data-id="${CSS.escape(id)}"] .title`);
  if (row instanceof HTMLElement) row.focus({ preventScroll: false });
}

export function closeDetail() {
  const { todo } = route.value;
  atOnce(() => open(""));
  focusRow(todo);
}

/**
 * @typedef {object} RowProps
 * @property {Todo} todo
 * @property {List | undefined} list
 * @property {string} zone
 * @property {string} today
 * @property {boolean} late
 * @property {boolean} hidesDay
 * @property {boolean} hidesList
 * @property {boolean} isOpen
 * @property {boolean} isSelected
 * @property {boolean} isEdited
 * @property {boolean} hasProblem
 * @property {string} extra the title of what it stands below
 * @property {number} level
 * @property {string} parts how many are below it, and finished
 * @property {"" | "open" | "folded"} folds
 * @property {Map<string, string>} colors of tags
 * @property {string} href
 * @property {boolean} isGone in the trash
 */

/** Redrawn only if one of its props has changed. */
export class Row extends Component {
  /** @override @param {RowProps} next */
  shouldComponentUpdate(next) {
    const before = /** @type {Record<string, unknown>} */ (this.props);
    return Object.entries(next).some(([name, value]) => before[name] !== value);
  }

  /** @override */
  render() {
    const props = /** @type {RowProps} */ (/** @type {unknown} */ (this.props));
    const { todo, isOpen, isSelected, isEdited, isGone } = props;
    const states = [
      "row",
      isOpen && "open",
      todo.status === "finished" && "gone",
      isSelected && "selected",
    ];
    return html`<li class=${states.filter(Boolean).join(" ")} data-id=${todo.id} style=${props.level ? { "--level": props.level } : undefined} aria-current=${isOpen ? "true" : undefined}>
      ${isGone ? html`<span class="no-tick"><${Icon} name="bin" /></span>` : html`<${Tick} todo=${todo} />`}
      <div class="body">
        ${
          isEdited
            ? html`<${TitleField} todo=${todo} />`
            : html`<a class="title" href=${props.href} draggable=${false}>
              ${props.hasProblem && html`<span class="clash"><${Icon} name="alert" /><span class="only-heard">${gettext("Needs your decision:")}</span></span>`}
              <span dir="auto"><bdi>${todo.title}</bdi></span>
              ${isSelected && html`<span class="only-heard">${gettext("(selected)")}</span>`}
            </a>`
        }
        <${Meta} ...${props} />
      </div>
      ${props.folds && html`<button class="ghost fold" data-act="fold" aria-expanded=${String(props.folds === "open")} aria-label=${gettext("Subtasks of {title}", { title: todo.title })}><${Icon} name="down" /></button>`}
      ${isGone && html`<span class="row-acts"><button class="text" data-act="restore">${gettext("Restore")}</button></span>`}
    </li>`;
  }
}
