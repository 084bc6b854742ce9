// Important messages above the list.

import { updating } from "#app/later.js";
import { toLogIn } from "#app/session.js";
import * as state from "#app/state.js";
import { gettext, ngettext } from "#app/text.js";
import { html } from "#app/views/html.js";

/** @param {{kind?: string, text: string, act: string, onAct: () => void}} props */
function Notice({ kind = "", text, act, onAct }) {
  return html`<div class=${`notice ${kind}`} role="status">
    <p>${text}</p>
    <button class="button quiet" onClick=${onAct}>${act}</button>
  </div>`;
}

export function Notices() {
  const data = state.store.value;
  const problems = data?.problems.value.length ?? 0;
  const ask = () => {
    state.dialog.value = "problems";
  };
  return html`
    ${state.sync.value?.standing.value === "logged_out" && html`<${Notice} text=${gettext("You are logged out. What you write is kept here and sent after you log in.")} act=${gettext("Log in")} onAct=${toLogIn} />`}
    ${problems > 0 && html`<${Notice} kind="warning" text=${ngettext("{count} change needs your decision.", "{count} changes need your decision.", problems)} act=${gettext("Decide")} onAct=${ask} />`}
    ${data?.broken.value && html`<${Notice} kind="danger" text=${gettext("This browser could not store your last change. Is its disk full?")} act=${gettext("Try again")} onAct=${() => data.save()} />`}
    ${state.update.value && html`<${Notice} text=${gettext("A new version of Nudge is ready.")} act=${gettext("Use it")} onAct=${() => updating.use((it) => it.reload())} />`}
  `;
}
