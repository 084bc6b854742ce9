// A view: its heading, what it shows, and what can be done with several rows at once.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  finish,
  moveToList,
  place,
  postpone,
  prioritise,
  purge,
  restore,
  tag,
  trash,
} from "#app/actions.js";
import { plus, weekdayName } from "#app/days.js";
import { draggable } from "#app/drag.js";
import { counts, homeOf, isLate, SORTS, sections, week } from "#app/lists.js";
import { byPlace } from "#app/order.js";
import { write } from "#app/route.js";
import * as state from "#app/state.js";
import { gettext, language, ngettext } from "#app/text.js";
import { Capture } from "#app/views/capture.js";
import { Header } from "#app/views/header.js";
import { html, Icon } from "#app/views/html.js";
import { Notices } from "#app/views/notices.js";
import { dayWords, PRIORITIES, Row } from "#app/views/row.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/lists.js").Section} Section */

const FIRST = 120; // rows drawn at once; more come when their end comes into sight
const MORE = 240;

/** The setting of how the list at hand is sorted. */
export function sorting() {
  const { view, of } = state.route.value;
  return state.kept(`sort.${view}.${of}`, "manual");
}

export function data() {
  return {
    todos: /** @type {Todo[]} */ (state.all("todo")),
    lists: /** @type {import("#app/model.js").List[]} */ (state.all("list")),
    now: state.now.value,
    zone: state.zone.value,
    sort: sorting().value.peek(),
  };
}

/** Where the to-do of a link stands. */
function target() {
  const { view, todo } = state.route.value;
  if (view !== "todo") return;
  const found = state.store.value?.get("todo", todo);
  if (!found) return;
  const home = homeOf(found, new Map(state.all("list").map((list) => [list.id, list])));
  const place = found.deleted_at ? "trash" : found.status === "finished" ? "finished" : "list";
  const at = home?.is_inbox ? { view: "inbox" } : { view: "list", of: home?.id ?? "" };
  location.replace(write({ ...(place === "list" ? at : { view: place }), todo }));
}

/** @param {string} id a row whose neighbours are asked for @returns {Todo[]} */
export function shownTodos(id = "") {
  const found = sections(state.route.value, data(), state.showsFinished.value);
  if (!id) return found.flatMap(({ todos }) => todos);
  return found.find(({ todos }) => todos.some((todo) => todo.id === id))?.todos ?? [];
}

/** Whether rows have places of their own here. */
export function isManual() {
  const { view } = state.route.value;
  return ["inbox", "list", "tag"].includes(view) && sorting().value.peek() === "manual";
}

/** Moves a row by one. @param {string} id @param {1 | -1} by */
export function shift(id, by) {
  const some = shownTodos(id).filter((todo) => todo.status === "open");
  const from = some.findIndex((todo) => todo.id === id);
  if (!isManual() || from < 0 || !some[from + by]) return;
  const rest = some.filter((todo) => todo.id !== id);
  place([id], rest[from + by - 1], rest[from + by]);
}

const EMPTY = () => ({
  inbox: [
    gettext("A clear head starts here"),
    gettext("Write down the first thing that comes to mind and press Enter."),
  ],
  today: [gettext("Nothing is due today"), gettext("Enjoy the quiet, or look at what is coming.")],
  upcoming: [gettext("Nothing is coming up"), gettext("To-dos with a day appear here.")],
  list: [gettext("This list is empty"), gettext("What you write above goes into it.")],
  tag: [gettext("Nothing open has this tag"), ""],
  filter: [gettext("Nothing matches"), ""],
  search: [
    gettext("Nothing found"),
    gettext("The search looks at titles, notes and tags, also without a network."),
  ],
  finished: [gettext("Nothing finished yet"), gettext("What you tick off is kept here.")],
  trash: [gettext("The trash is empty"), gettext("Deleted to-dos stay here for 30 days.")],
});

/** @param {{view: string}} props */
function Empty({ view }) {
  const [title, hint] = EMPTY()[/** @type {"inbox"} */ (view)] ?? EMPTY().inbox;
  if (!state.store.value?.complete.value)
    return html`<p class="empty" role="status">${gettext("Fetching your to-dos …")}</p>`;
  if (view === "search" && !state.route.value.query)
    return html`<p class="empty">${EMPTY().search[1]}</p>`;
  return html`<div class="empty"><${Icon} name="done" /><p><strong>${title}</strong></p><p>${hint}</p></div>`;
}

/** @param {Section} section */
function heading({ kind, day, todos }) {
  const today = state.today.value;
  if (kind === "overdue") return gettext("Overdue");
  if (kind === "today") return gettext("Today");
  if (kind === "finished") return day ? dayWords(day, today) : gettext("Finished");
  if (kind === "day") {
    const words = dayWords(day, today);
    return day <= plus(today, 1) ? `${words} · ${weekdayName(day, language())}` : words;
  }
  return todos.length && kind === "trash" ? gettext("Deleted to-dos stay here for 30 days.") : "";
}

/** @param {{section: Section, limit: number}} props */
function Rows({ section, limit }) {
  const { route, zone, today, now, selection, editing } = state;
  const list = useRef(/** @type {HTMLOListElement | null} */ (null));
  const manual = section.kind === "plain" && isManual();
  useEffect(() => (list.current ? draggable(list.current, manual) : undefined), [manual]);
  const lists = new Map(state.all("list").map((one) => [one.id, one]));
  const clashes = new Set(state.store.value?.problems.value.map(({ operation }) => operation.id));
  const { view } = route.value;
  return html`<ol ref=${list} class=${manual ? "manual" : ""} data-day=${section.kind === "day" ? section.day : undefined}>
    ${section.todos.slice(0, limit).map(
      (todo) => html`<${Row}
        key=${todo.id}
        todo=${todo}
        list=${homeOf(todo, lists)}
        zone=${zone.value}
        today=${today.value}
        late=${isLate(todo, now.value, zone.value)}
        hidesDay=${section.kind === "today" || section.kind === "day"}
        hidesList=${view === "list" || view === "inbox"}
        isOpen=${route.value.todo === todo.id}
        isSelected=${selection.value.has(todo.id)}
        isEdited=${editing.value === todo.id}
        hasProblem=${clashes.has(todo.id)}
        extra=""
        href=${write({ view: "todo", of: todo.id })}
        isGone=${section.kind === "trash"}
      />`,
    )}
  </ol>`;
}

/** @param {{section: Section}} props */
function SectionHead({ section }) {
  const words = heading(section);
  const ids = section.todos.map(({ id }) => id);
  if (!words) return null;
  return html`<h2 class=${section.kind === "overdue" ? "late" : ""} id=${section.day ? `day-${section.day}` : undefined}>
    <span>${words}</span>
    ${section.kind === "overdue" && html`<button class="text" onClick=${() => postpone(ids, state.today.value)}>${gettext("Move to today")}</button>`}
    ${
      section.kind === "trash" &&
      html`<button class="text danger" onClick=${() => {
        state.dialog.value = "empty-trash";
      }}>${gettext("Empty the trash")}</button>`
    }
  </h2>`;
}

function WeekStrip() {
  const { days } = counts(data());
  return html`<nav class="week" aria-label=${gettext("Days")}>
    ${week(state.today.value).map((day) => {
      const count = days[day] ?? 0;
      const label = `${dayWords(day, state.today.value)}: ${ngettext("{count} to-do", "{count} to-dos", count)}`;
      return html`<button key=${day} data-drop-day=${day} aria-label=${label} disabled=${!count}
        onClick=${() => document.getElementById(`day-${day}`)?.scrollIntoView({ block: "start" })}>
        <span>${weekdayName(day, language(), "short")}</span><b>${Number(day.slice(8))}</b><i>${count || "·"}</i>
      </button>`;
    })}
  </nav>`;
}

/** The row that an event is about. @param {Event} event */
export function rowOf(event) {
  const row = event.target instanceof Element ? event.target.closest("[data-id]") : null;
  return row instanceof HTMLElement ? row : null;
}

/** @param {string} id */
export function toggleSelected(id) {
  const some = new Set(state.selection.value);
  if (!some.delete(id)) some.add(id);
  state.selection.value = some;
}

/** Selects from the row selected last to this one. @param {string} id */
export function selectTo(id) {
  const ids = shownTodos().map((todo) => todo.id);
  const last = [...state.selection.value].at(-1) ?? state.route.value.todo;
  const [from, to] = [ids.indexOf(last), ids.indexOf(id)].sort((a, b) => a - b);
  if (from === undefined || from < 0) toggleSelected(id);
  else
    state.selection.value = new Set([
      ...state.selection.value,
      ...ids.slice(from, (to ?? from) + 1),
    ]);
}

/** @param {MouseEvent} event */
function click(event) {
  const row = rowOf(event);
  const id = row?.dataset.id;
  if (!id || !(event.target instanceof Element)) return;
  const act = event.target.closest("[data-act]");
  if (act) return void restore([id]);
  if (event.target.closest("button, input") || event.defaultPrevented) return;
  if (event.target.closest("a") && event.button !== 0) return;
  event.preventDefault();
  if (event.shiftKey) return selectTo(id);
  if (event.ctrlKey || event.metaKey || state.selection.value.size) return toggleSelected(id);
  state.open(id);
}

/** @param {MouseEvent} event */
function doubleClick(event) {
  const id = rowOf(event)?.dataset.id;
  if (!id || state.route.value.view === "trash") return;
  if (event.target instanceof Element && event.target.closest(".title")) state.editing.value = id;
}

const PLACEHOLDERS = () => ({
  today: gettext("Add a to-do for today"),
  upcoming: gettext("Add a to-do for tomorrow"),
});

/**
 * A row that goes must not take the focus with it: the one in its place has it then.
 * @param {{current: HTMLElement | null}} box
 */
function useFocusKept(box) {
  const had = useRef({ element: /** @type {HTMLElement | null} */ (null), index: 0, part: "" });
  useEffect(() => {
    /** @param {FocusEvent} event */
    const note = (event) => {
      const row = rowOf(event);
      const element = row && event.target instanceof HTMLElement ? event.target : null;
      const index = row ? rowsIn(box.current).indexOf(row) : 0;
      had.current = { element, index, part: element?.matches(".tick") ? ".tick" : ".title" };
    };
    addEventListener("focusin", note);
    return () => removeEventListener("focusin", note);
  }, []);
  useLayoutEffect(() => {
    const { element, index, part } = had.current;
    if (!element || element.isConnected || document.activeElement !== document.body) return;
    const rows = rowsIn(box.current);
    const next = rows[Math.min(index, rows.length - 1)]?.querySelector(part);
    if (next instanceof HTMLElement) next.focus();
  });
}

/** @param {HTMLElement | null} box */
const rowsIn = (box) =>
  /** @type {HTMLElement[]} */ ([...(box?.querySelectorAll("[data-id]") ?? [])]);

export function ListView() {
  const { route, showsFinished } = state;
  useLayoutEffect(target);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useFocusKept(box);
  const [limit, setLimit] = useState(FIRST);
  const end = useRef(/** @type {HTMLElement | null} */ (null));
  const { view, of, query } = route.value;
  useEffect(() => setLimit(FIRST), [view, of, query]);
  const found = sections(route.value, data(), showsFinished.value);
  const total = found.reduce((sum, { todos }) => sum + todos.length, 0);
  useEffect(() => {
    if (!end.current) return undefined;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) setLimit((drawn) => drawn + MORE);
      },
      { rootMargin: "1500px" },
    );
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [limit, total]);
  let room = limit;
  const hidesCapture = ["finished", "trash", "search"].includes(view);
  const placeholder =
    PLACEHOLDERS()[/** @type {"today"} */ (view)] ?? gettext("What needs to be done?");
  return html`<main id="main" tabindex="-1" aria-busy=${String(!state.store.value?.complete.value)}>
    <${Header} count=${total} />
    <${Notices} />
    ${view === "search" && html`<${SearchField} />`}
    ${!hidesCapture && html`<${Capture} placeholder=${placeholder} />`}
    ${view === "upcoming" && html`<${WeekStrip} />`}
    <${SelectionBar} />
    <section ref=${box} class="rows" aria-label=${gettext("To-dos")} onClick=${click} onDblClick=${doubleClick}>
      ${found.map((section) => {
        const drawn = Math.max(0, Math.min(room, section.todos.length));
        room -= drawn;
        if (!drawn && !(section.kind === "today" && total)) return null;
        return html`<div key=${section.kind + section.day} class="part">
          <${SectionHead} section=${section} />
          <${Rows} section=${section} limit=${drawn} />
        </div>`;
      })}
      ${total === 0 && html`<${Empty} view=${view} />`}
      ${limit < total && html`<p ref=${end} class="empty">…</p>`}
    </section>
  </main>`;
}

function SearchField() {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => field.current?.focus(), []);
  /** @param {Event} event */
  const input = (event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    history.replaceState(null, "", write({ ...state.route.value, query: value, todo: "" }));
    state.route.value = { ...state.route.value, query: value, todo: "" };
  };
  return html`<div class="capture finder" role="search">
    <${Icon} name="search" />
    <input ref=${field} id="search" type="search" dir="auto" autocomplete="off" value=${state.route.value.query}
      aria-label=${gettext("Search")} placeholder=${gettext("Search titles, notes and tags")} onInput=${input} />
  </div>`;
}

export function SelectionBar() {
  const ids = [...state.selection.value];
  if (!ids.length) return null;
  const clear = () => {
    state.selection.value = new Set();
  };
  /** @param {(value: string) => void} act */
  const chosen = (act) => (/** @type {Event} */ event) => {
    const field = /** @type {HTMLSelectElement | HTMLInputElement} */ (event.target);
    if (field.value) act(field.value);
    field.value = "";
  };
  const gone = state.route.value.view === "trash";
  const lists = /** @type {import("#app/model.js").List[]} */ (state.all("list")).sort(byPlace);
  return html`<div class="selection" role="toolbar" aria-label=${gettext("Selected to-dos")}>
    <b>${ngettext("{count} selected", "{count} selected", ids.length)}</b>
    ${
      gone
        ? html`<button class="button quiet" onClick=${() => {
            restore(ids);
            clear();
          }}>${gettext("Restore")}</button>
          <button class="button quiet danger" onClick=${() => {
            purge(ids);
            clear();
          }}>${gettext("Delete for good")}</button>`
        : html`<button class="button quiet" onClick=${() => {
            finish(ids);
            clear();
          }}>${gettext("Finish")}</button>
          <label class="button quiet"><span>${gettext("Day")}</span><input type="date" aria-label=${gettext("Day")} onChange=${chosen((day) => postpone(ids, day))} /></label>
          <${Choice} label=${gettext("Priority")} options=${PRIORITIES().map((name, value) => [String(value), name])} onChange=${chosen((value) => prioritise(ids, Number(value)))} />
          <${Choice} label=${gettext("List")} options=${lists.map((list) => [list.id, list.is_inbox ? gettext("Inbox") : list.name])} onChange=${chosen((list) => moveToList(ids, list))} />
          <${Choice} label=${gettext("Tag")} options=${counts(data()).tags.map(({ name }) => [name, name])} onChange=${chosen((name) => tag(ids, [name]))} />
          <button class="button quiet danger" onClick=${() => trash(ids)}>${gettext("Delete")}</button>`
    }
    <button class="ghost" aria-label=${gettext("Clear the selection")} onClick=${clear}><${Icon} name="close" /></button>
  </div>`;
}

/** @param {{label: string, options: [string, string][], onChange: (event: Event) => void}} props */
function Choice({ label, options, onChange }) {
  return html`<select class="button quiet" aria-label=${label} onChange=${onChange}>
    <option value="">${label}</option>
    ${options.map(([value, name]) => html`<option key=${value} value=${value}>${name}</option>`)}
  </select>`;
}

export const SORT_NAMES = () =>
  /** @type {Record<string, string>} */ ({
    manual: gettext("My own order"),
    due: gettext("By day"),
    priority: gettext("By priority"),
    title: gettext("By title"),
    newest: gettext("Newest first"),
  });
export { SORTS };
