// What stands in the menus.
import { trash } from "#app/actions.js";
import { SORTS } from "#app/lists.js";
import { changeList, tagNamed } from "#app/places.js";
import { isSorted, shownTodos, sorting } from "#app/shown.js";
import { logOutAsked } from "#app/start.js";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";
import { done, redo, undo, undone } from "#app/undo.js";
import { html } from "#app/views/html.js";

const page = document.documentElement.dataset;

const SORT_NAMES = () =>
  /** @type {Record<string, string>} */ ({
    manual: gettext("My own order"),
    due: gettext("By day"),
    priority: gettext("By priority"),
    title: gettext("By title"),
    newest: gettext("Newest first"),
  });

/** What else can be done in this view. */
export function More() {
  const { view, of } = state.route.value;
  const manual = isSorted(view);
  const sort = sorting();
  const archived = view === "list" && state.store.value?.get("list", of)?.archived_at;
  /** @param {string} name */
  const open = (name) => () => {
    state.dialog.value = name;
  };
  /** @param {string} name */
  const choose = (name) => () => {
    sort.set(name);
    state.clock.value = Date.now(); // draws the list again
    state.store.value?.changed();
  };
  return html`
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
      <button onClick=${() => changeList(of, { archived_at: archived ? null : new Date().toISOString() })}>
        ${archived ? gettext("Bring back from the archive") : gettext("Archive this list")}
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
`;
}

export function Account() {
  return html`<p><bdi>${state.profile.value?.email ?? ""}</bdi></p>
    <a href=${page.account}>${gettext("Account and settings")}</a>
    <button onClick=${() => {
      state.dialog.value = "appearance";
    }}>${gettext("Appearance")}</button>
    <button onClick=${() => {
      state.dialog.value = "help";
    }}>${gettext("Keyboard")}<kbd>?</kbd></button>
    <a href=${page.docs}>${gettext("API")}</a>
    <a href=${page.plain}>${gettext("Simple page")}</a>
    <hr />
    <button onClick=${logOutAsked}>${gettext("Log out")}</button>`;
}
