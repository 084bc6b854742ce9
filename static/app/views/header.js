// The bar above a view: its name, the sync status and a menu.
import { useEffect, useRef } from "preact/hooks";
import { trash } from "#app/actions.js";
import { date } from "#app/days.js";
import { SORTS } from "#app/lists.js";
import { changeList, tagNamed } from "#app/places.js";
import { isSorted, SORT_NAMES, shownTodos, sorting } from "#app/shown.js";
import * as state from "#app/state.js";
import { gettext, language, ngettext } from "#app/text.js";
import { done, redo, undo, undone } from "#app/undo.js";
import { html, Icon } from "#app/views/html.js";

/** The name of the current view. */
export function title() {
  const { view, of } = state.route.value;
  const list = view === "list" && state.store.value?.get("list", of);
  const names = /** @type {Record<string, string>} */ ({
    inbox: gettext("Inbox"),
    today: gettext("Today"),
    upcoming: gettext("Upcoming"),
    search: gettext("Search"),
    finished: gettext("Finished"),
    trash: gettext("Trash"),
  });
  if (view === "tag") return `#${of}`;
  if (view === "filter") return state.store.value?.get("filter", of)?.name ?? gettext("Filter");
  return list ? list.name : (names[view] ?? gettext("List"));
}

/** @param {string} moment */
function ago(moment) {
  const minutes = Math.round((state.clock.value - Date.parse(moment)) / 60_000);
  if (minutes < 1) return gettext("just now");
  const [amount, unit] =
    minutes < 60
      ? [minutes, "minute"]
      : minutes < 1440
        ? [Math.round(minutes / 60), "hour"]
        : [Math.round(minutes / 1440), "day"];
  const words = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  return words.format(-Number(amount), /** @type {Intl.RelativeTimeFormatUnit} */ (unit));
}

/** The number of waiting changes, and since when; empty if everything is synced. */
export function Net() {
  const standing = state.sync.value?.standing.value ?? "fine";
  const { count, since } = state.store.value?.waiting.value ?? { count: 0, since: "" };
  const old = since && state.clock.value - Date.parse(since) > 10_000;
  if (standing === "fine" && !old) return html`<p class="net" role="status"></p>`;
  const words = /** @type {Record<string, string>} */ ({
    fine: gettext("Saving"),
    offline: gettext("Offline"),
    logged_out: gettext("Logged out"),
    trouble: gettext("The server does not answer"),
  });
  const waits = count ? ngettext("{count} change waits", "{count} changes wait", count) : "";
  return html`<p class="net" role="status" title=${since ? gettext("Since {when}", { when: ago(since) }) : ""}>
    <${Icon} name=${standing === "fine" ? "cloud" : "cloudoff"} />
    <span>${[words[standing], waits].filter(Boolean).join(" · ")}</span>
  </p>`;
}

/** @param {{count: number}} props */
export function Header({ count }) {
  const { view } = state.route.value;
  useEffect(() => {
    document.title = `${title()} · Nudge`;
  });
  const today = state.today.value;
  const small =
    view === "today"
      ? date(today, today, language())
      : view === "search"
        ? ""
        : String(count || "");
  return html`<header class="top">
    <button class="ghost only-phone" aria-label=${gettext("Views")} aria-expanded=${state.sidebar.value} onClick=${() => {
      state.sidebar.value = true;
    }}><${Icon} name="menu" /></button>
    <h1><bdi>${title()}</bdi> <small>${small}</small></h1>
    <${Net} />
    <a class="ghost only-phone" aria-label=${gettext("Search")} href="#/search"><${Icon} name="search" /></a>
    <${More} />
  </header>`;
}

/** A button with a menu. @param {{label: string, icon: string, className?: string, children: any, face?: any}} props */
export function Menu({ label, icon, className = "", children, face }) {
  const box = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  const close = () => box.current?.removeAttribute("open");
  /** @param {FocusEvent} event */
  const leave = (event) => {
    if (event.relatedTarget instanceof Node && !box.current?.contains(event.relatedTarget)) close();
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || !box.current?.open) return;
    event.stopPropagation();
    close();
    box.current.querySelector("summary")?.focus();
  };
  useEffect(() => {
    /** @param {Event} event */
    const outside = (event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close();
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, []);
  return html`<details class=${`menu ${className}`} ref=${box} onFocusOut=${leave} onKeyDown=${key}>
    <summary class="ghost" aria-label=${label}>${face ?? html`<${Icon} name=${icon} />`}</summary>
    <div class="menu-items" onClick=${close}>${children}</div>
  </details>`;
}

/** The menu of this view. */
function More() {
  const { view, of } = state.route.value;
  const manual = isSorted(view);
  const sort = sorting();
  /** @param {string} name */
  const open = (name) => () => {
    state.dialog.value = name;
  };
  /** @param {string} name */
  const choose = (name) => () => {
    sort.set(name);
    state.clock.value = Date.now(); // redraws the list
    state.store.value?.changed();
  };
  return html`<${Menu} label=${gettext("More")} icon="more">
    <button onClick=${undo} disabled=${!done.value.length}>${gettext("Undo")}<kbd>Ctrl Z</kbd></button>
    <button onClick=${redo} disabled=${!undone.value.length}>${gettext("Redo")}<kbd>Ctrl ⇧ Z</kbd></button>
    ${
      manual &&
      html`<hr />
      ${SORTS.map((name) => html`<button key=${name} aria-pressed=${String(sort.value.value === name)} onClick=${choose(name)}>${SORT_NAMES()[name]}</button>`)}
      <hr />
      <button aria-pressed=${String(state.showsFinished.value)} onClick=${() => {
        state.showsFinished.value = !state.showsFinished.value;
      }}>${gettext("Show finished ones")}</button>`
    }
    ${
      view === "list" &&
      html`<hr />
      <button onClick=${open("list")}>${gettext("Change this list")}</button>
      <button onClick=${() => changeList(of, { archived_at: state.store.value?.get("list", of)?.archived_at ? null : new Date().toISOString() })}>
        ${state.store.value?.get("list", of)?.archived_at ? gettext("Bring back from the archive") : gettext("Archive this list")}
      </button>
      <button class="danger" onClick=${open("remove-list")}>${gettext("Delete this list")}</button>`
    }
    ${
      view === "tag" &&
      html`<hr />
      <button onClick=${open("tag")}>${gettext("Change this tag")}</button>
      <button class="danger" disabled=${!tagNamed(of)} onClick=${open("remove-tag")}>${gettext("Delete this tag")}</button>`
    }
    ${
      view === "filter" &&
      html`<hr />
      <button onClick=${open("filter")}>${gettext("Change this filter")}</button>
      <button class="danger" onClick=${open("remove-filter")}>${gettext("Delete this filter")}</button>`
    }
    ${
      view === "finished" &&
      html`<hr />
      <button class="danger" onClick=${() => trash(shownTodos().map(({ id }) => id))}>${gettext("Move all of them to the trash")}</button>`
    }
    <hr />
    <button onClick=${open("help")}>${gettext("Keyboard")}<kbd>?</kbd></button>
  <//>`;
}
