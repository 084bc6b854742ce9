// The whole page.
import { useEffect } from "preact/hooks";
import { detail, dialogs, Later } from "#app/later.js";
import { retry } from "#app/start.js";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";
import { undo } from "#app/undo.js";
import { focusCapture } from "#app/views/capture.js";
import { html, Icon, Mark } from "#app/views/html.js";
import { ListView } from "#app/views/list.js";
import { Sidebar, Tabs } from "#app/views/sidebar.js";

const TOAST = 10_000; // in milliseconds; later, Ctrl+Z and the menu still undo

function Toast() {
  const said = state.toast.value;
  useEffect(() => {
    if (!said) return undefined;
    const over = setTimeout(() => {
      if (!document.querySelector(".toast:hover, .toast:focus-within"))
        state.toast.value = undefined;
    }, TOAST);
    return () => clearTimeout(over);
  }, [said]);
  return html`<div class="toast-place" role="status">
    ${
      said &&
      html`<div class="toast">
      <span>${said.text} ${said.title && html`<b><bdi>${said.title}</bdi></b>`}</span>
      ${said.undo && html`<button class="text" onClick=${undo}>${gettext("Undo")}<kbd>Ctrl Z</kbd></button>`}
      <button class="ghost" aria-label=${gettext("Dismiss")} onClick=${() => {
        state.toast.value = undefined;
      }}><${Icon} name="close" /></button>
    </div>`
    }
  </div>`;
}

/** Lets a screen reader announce a new to-do, which everybody else sees. */
function Added() {
  const it = state.added.value;
  return html`<p class="visually-hidden" role="status">
    ${it && html`<span key=${it.id}>${gettext("Added: {title}", { title: it.title })}</span>`}
  </p>`;
}

const closeDialog = () => {
  state.dialog.value = "";
};

/** @param {Event} event */
function click(event) {
  if (event.target instanceof Element && event.target.closest("[data-capture]")) focusCapture();
}

function Away() {
  return html`<main id="main" class="alone"><${Mark} />
    <h1>${gettext("Nudge cannot be reached")}</h1>
    <p>${gettext("Nobody has logged in on this browser yet, so there is nothing to show without a network.")}</p>
    <button class="button" onClick=${retry}>${gettext("Try again")}</button>
  </main>`;
}

export function App() {
  if (state.start.value === "away") return html`<${Away} />`;
  if (state.start.value === "starting" || !state.store.value)
    return html`<main id="main" class="alone" aria-busy="true"><${Mark} /></main>`;
  const { todo } = state.route.value;
  const open = todo && state.store.value.get("todo", todo);
  const beside = open && detail.here.value;
  return html`<div class=${`app ${beside ? "with-detail" : ""}`} onClick=${click}>
    <a class="skip-link" href="#main" onClick=${(/** @type {Event} */ event) => {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }}>${gettext("Skip to the content")}</a>
    <${Sidebar} />
    <${ListView} />
    ${todo && html`<${Later} part=${detail} name="Detail" onMissing=${() => state.open("")} />`}
    <${Tabs} />
    <${Toast} />
    <${Added} />
    ${state.dialog.value && html`<${Later} part=${dialogs} name="Dialogs" onMissing=${closeDialog} />`}
  </div>`;
}
