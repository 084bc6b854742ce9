// The navigation: views, lists, tags and the account.
import { useState } from "preact/hooks";
import { places } from "#app/later.js";
import { counts } from "#app/lists.js";
import { byPlace } from "#app/order.js";
import { write } from "#app/route.js";
import { data, filters } from "#app/shown.js";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";
import { Menu } from "#app/views/header.js";
import { Dot, html, Icon, Mark } from "#app/views/html.js";

/** @param {{view: string, of?: string, count?: number | undefined, label: string, children: any} & Record<string, any>} props */
function Place({ view, of = "", count = 0, label, children, ...rest }) {
  const { view: at, of: where } = state.route.value;
  const here = at === view && where === of;
  return html`<a href=${write({ view, of })} aria-current=${here ? "page" : undefined} ...${rest}>
    ${children}<span class="name"><bdi>${label}</bdi></span>${count > 0 && html`<i>${count}</i>`}
  </a>`;
}

function NewList() {
  const [open, setOpen] = useState(false);
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const field = /** @type {HTMLFormElement} */ (event.target).elements.namedItem("name");
    void places.use((it) => {
      const id = field instanceof HTMLInputElement ? it.addList(field.value) : "";
      setOpen(false);
      if (id) state.go({ view: "list", of: id });
    });
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    setOpen(false);
  };
  return html`<h2>${gettext("Lists")}
      <button class="ghost small" aria-label=${gettext("New list")} aria-expanded=${String(open)} onClick=${() => setOpen(!open)}><${Icon} name="plus" /></button>
    </h2>
    ${open && html`<form class="new-list" onSubmit=${submit}><input name="name" dir="auto" autofocus maxlength="128" ref=${(/** @type {HTMLElement | null} */ field) => field?.focus()} aria-label=${gettext("Name of the new list")} placeholder=${gettext("Name")} onKeyDown=${key} autocomplete="off" /></form>`}`;
}

export function Sidebar() {
  const { lists, tags, today } = counts(data());
  const all = data().lists.sort(byPlace);
  const inbox = all.find((list) => list.is_inbox);
  const own = all.filter((list) => !list.is_inbox && !list.archived_at);
  const archived = all.filter((list) => list.archived_at);
  const colors = state.tagColors.value;
  const close = () => {
    state.sidebar.value = false;
  };
  return html`<div class=${`shade ${state.sidebar.value ? "shown" : ""}`} onClick=${close}></div>
  <nav class=${`side ${state.sidebar.value ? "shown" : ""}`} aria-label=${gettext("Views")} onClick=${(/** @type {Event} */ event) => event.target instanceof Element && event.target.closest("a") && close()}>
    <div class="who"><${Mark} /><b>Nudge</b><${AccountMenu} /></div>
    <a class="find" href="#/search"><${Icon} name="search" />${gettext("Search")}<kbd>/</kbd></a>
    <${Place} view="inbox" label=${gettext("Inbox")} count=${inbox && lists[inbox.id]} data-drop-list=${inbox?.id}><${Icon} name="inbox" /><//>
    <${Place} view="today" label=${gettext("Today")} count=${today} data-drop-day=${state.today.value}><${Icon} name="today" /><//>
    <${Place} view="upcoming" label=${gettext("Upcoming")}><${Icon} name="upcoming" /><//>
    <${NewList} />
    ${own.map((list) => html`<${Place} key=${list.id} view="list" of=${list.id} label=${list.name} count=${lists[list.id]} data-drop-list=${list.id}><${Dot} color=${list.color} /><//>`)}
    <h2>${gettext("Filters")}
      <button class="ghost small" aria-label=${gettext("New filter")} onClick=${() => {
        state.dialog.value = "new-filter";
      }}><${Icon} name="plus" /></button>
    </h2>
    ${filters().map((filter) => html`<${Place} key=${filter.id} view="filter" of=${filter.id} label=${filter.name}><span class="tag-mark" style=${{ "--c": filter.color || "currentcolor" }}><${Icon} name="filter" /></span><//>`)}
    ${tags.length > 0 && html`<h2>${gettext("Tags")}</h2>`}
    ${tags.map(({ name, count }) => html`<${Place} key=${name} view="tag" of=${name} label=${`#${name}`} count=${count} data-drop-tag=${name}><span class="tag-mark" style=${{ "--c": colors.get(name) || "currentcolor" }}><${Icon} name="tag" /></span><//>`)}
    ${
      archived.length > 0 &&
      html`<details class="archive"><summary>${gettext("Archive")}</summary>
      ${archived.map((list) => html`<${Place} key=${list.id} view="list" of=${list.id} label=${list.name} count=${lists[list.id]}><${Dot} color=${list.color} /><//>`)}
    </details>`
    }
    <span class="gap"></span>
    <${Place} view="finished" label=${gettext("Finished")}><${Icon} name="done" /><//>
    <${Place} view="trash" label=${gettext("Trash")}><${Icon} name="bin" /><//>
  </nav>`;
}

/** The first letters of a name or of an address. @param {string} name */
export function initials(name) {
  const words = name.split(/[\s.@_-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? "")
    .join("");
}

function AccountMenu() {
  const profile = state.profile.value;
  const face = html`<span class="face">${initials(profile?.name || profile?.email || "") || html`<${Icon} name="user" />`}</span>`;
  return html`<${Menu} label=${gettext("Account menu")} icon="user" className="account" face=${face} items="Account" />`;
}

/** The bottom bar on a phone. */
export function Tabs() {
  const { view } = state.route.value;
  /** @param {string} name @param {string} label */
  const tab = (name, label) =>
    html`<a href=${write({ view: name })} aria-current=${view === name ? "page" : undefined}><${Icon} name=${name} />${label}</a>`;
  return html`<nav class="tabs only-phone" aria-label=${gettext("Views")}>
    ${tab("inbox", gettext("Inbox"))}
    ${tab("today", gettext("Today"))}
    <button class="add" aria-label=${gettext("Add a to-do")} data-capture><${Icon} name="plus" /></button>
    ${tab("upcoming", gettext("Upcoming"))}
    <button class="tab" onClick=${() => {
      state.sidebar.value = true;
    }}><${Icon} name="menu" />${gettext("Lists")}</button>
  </nav>`;
}
