// The bar above a view: where one is, how the network stands, and what else can be done here.
import { useEffect, useRef, useState } from "preact/hooks";
import { date } from "#app/days.js";
import { Later, menus } from "#app/later.js";
import * as state from "#app/state.js";
import { gettext, language, ngettext } from "#app/text.js";
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
  const stored = count - (state.store.value?.unsaved.value ?? 0);
  const old = since && state.clock.value - Date.parse(since) > 10_000;
  if (standing === "fine" && !old) return html`<p class="net" role="status"></p>`;
  const words = /** @type {Record<string, string>} */ ({
    fine: gettext("Saving"),
    offline: gettext("Offline"),
    logged_out: gettext("Logged out"),
    trouble: gettext("The server does not answer"),
  });
  const waits = stored > 0 ? ngettext("{count} change waits", "{count} changes wait", stored) : "";
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
    <${Menu} label=${gettext("More")} icon="more" items="More" />
  </header>`;
}

/** A button with a menu of views/menus.js. @param {{label: string, icon: string, className?: string, items: string, face?: any}} props */
export function Menu({ label, icon, className = "", items, face }) {
  const [open, setOpen] = useState(false);
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
  return html`<details class=${`menu ${className}`} ref=${box} onFocusOut=${leave} onKeyDown=${key} onToggle=${() => setOpen(Boolean(box.current?.open))}>
    <summary class="ghost" aria-label=${label} onClick=${() => void menus.use()}>${face ?? html`<${Icon} name=${icon} />`}</summary>
    <div class="menu-items" onClick=${close}>${(open || menus.here.value) && html`<${Later} part=${menus} name=${items} onMissing=${close} />`}</div>
  </details>`;
}
