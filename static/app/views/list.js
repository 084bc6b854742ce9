// A view: its heading, its rows, and the bar for selected rows.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { restore } from "#app/actions.js";
import { Later, selecting } from "#app/later.js";
import { homeOf, sections } from "#app/lists.js";
import { parse } from "#app/query.js";
import { write } from "#app/route.js";
import { data, selectTo, shownRoute, toggleSelected } from "#app/shown.js";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";
import { Capture } from "#app/views/capture.js";
import { Header } from "#app/views/header.js";
import { html, Icon } from "#app/views/html.js";
import { Notices } from "#app/views/notices.js";
import { editTitle } from "#app/views/row.js";
import { Rows, SectionHead, WeekStrip } from "#app/views/rows.js";

const FIRST = 120; // the rows drawn first; more follow when the end becomes visible
const MORE = 240;

/** The place of a linked to-do. */
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

/** The row of an event. @param {Event} event */
export function rowOf(event) {
  const row = event.target instanceof Element ? event.target.closest("[data-id]") : null;
  return row instanceof HTMLElement ? row : null;
}

/** @param {MouseEvent} event */
function click(event) {
  const row = rowOf(event);
  const id = row?.dataset.id;
  if (!id || !(event.target instanceof Element)) return;
  const act = event.target.closest("[data-act]");
  if (act instanceof HTMLElement) {
    return act.dataset.act === "fold" ? state.fold(id) : restore([id]);
  }
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
  if (event.target instanceof Element && event.target.closest(".title")) editTitle(id);
}

const PLACEHOLDERS = () => ({
  today: gettext("Add a to-do for today"),
  upcoming: gettext("Add a to-do for tomorrow"),
});

/**
 * If a focused row disappears, focuses the row in its place.
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
    /** The user has moved the focus away, so a redraw must not bring it back.
     * @param {FocusEvent} event
     */
    const left = (event) => {
      if (event.relatedTarget) had.current.element = null;
    };
    addEventListener("focusin", note);
    addEventListener("blur", left, true);
    return () => {
      removeEventListener("focusin", note);
      removeEventListener("blur", left, true);
    };
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
  const found = sections(shownRoute(), data(), showsFinished.value);
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
  const hidesCapture = ["finished", "trash", "search", "filter"].includes(view);
  const placeholder =
    PLACEHOLDERS()[/** @type {"today"} */ (view)] ?? gettext("What needs to be done?");
  return html`<main id="main" tabindex="-1" aria-busy=${String(!state.store.value?.complete.value)}>
    <${Header} count=${total} />
    <${Notices} />
    ${view === "search" && html`<${SearchField} />`}
    ${!hidesCapture && html`<${Capture} placeholder=${placeholder} />`}
    ${view === "upcoming" && html`<${WeekStrip} />`}
    ${state.selection.value.size > 0 && html`<${Later} part=${selecting} name="SelectionBar" />`}
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
  useLayoutEffect(() => field.current?.focus(), []);
  /** @param {Event} event */
  const input = (event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    history.replaceState(null, "", write({ ...state.route.value, query: value, todo: "" }));
    state.route.value = { ...state.route.value, query: value, todo: "" };
  };
  const { query } = state.route.value;
  return html`<div class="capture finder" role="search">
    <${Icon} name="search" />
    <input ref=${field} id="search" type="search" dir="auto" autocomplete="off" value=${query} maxlength="500"
      aria-label=${gettext("Search")} placeholder=${gettext("Search titles, notes and tags")} onInput=${input} />
    ${
      query.trim() &&
      html`<button class="text shown" onClick=${() => {
        state.dialog.value = "new-filter";
      }}>${gettext("Save")}</button>`
    }
    <${NotUnderstood} query=${query} />
  </div>`;
}

/** @param {{query: string}} props */
function NotUnderstood({ query }) {
  const bad = parse(query).bad;
  if (!bad.length) return null;
  const words = bad.join(" ");
  return html`<p class="question hint" role="status">${gettext("Not understood: {words}", { words })} ${gettext("Write for example tag:shop, list:home, due:today, priority:3,4 or is:open.")}</p>`;
}
