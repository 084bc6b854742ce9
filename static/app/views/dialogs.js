// The dialogs, by name.
import { useEffect } from "preact/hooks";
import { purge } from "#app/changes.js";
import { logOutNow } from "#app/start.js";
import * as state from "#app/state.js";
import { gettext, ngettext } from "#app/text.js";
import { Answer, Dialog, nothing } from "#app/views/dialog.js";
import { html } from "#app/views/html.js";
import {
  ChangeFilter,
  ChangeList,
  ChangeTag,
  NewFilter,
  RemoveFilter,
  RemoveList,
  RemoveTag,
} from "#app/views/places.js";
import { Problems } from "#app/views/problems.js";

/** @returns {[string, string][]} keys and what they do */
const KEYS = () => [
  ["n", gettext("New to-do")],
  ["/", gettext("Search")],
  ["j k", gettext("Next and previous to-do")],
  ["Enter", gettext("Open the to-do")],
  ["x", gettext("Finish, or open again")],
  ["e", gettext("Change the title")],
  ["d", gettext("Due")],
  ["p", gettext("Priority")],
  ["t", gettext("Tags")],
  ["r", gettext("Repeat")],
  ["l", gettext("List")],
  ["m", gettext("Notes")],
  ["#", gettext("Move to trash")],
  ["v", gettext("Select")],
  ["Alt+↑ Alt+↓", gettext("Move up or down")],
  ["Alt+→ Alt+←", gettext("Make it a subtask, or move it out")],
  ["s", gettext("Add a subtask")],
  ["f", gettext("Show or hide subtasks")],
  ["g i", gettext("Go to the inbox")],
  ["g t", gettext("Go to today")],
  ["g u", gettext("Go to what is coming")],
  ["g f", gettext("Go to what is finished")],
  ["Ctrl+Z", gettext("Undo")],
  ["Ctrl+Shift+Z", gettext("Redo")],
  ["Esc", gettext("Close, or clear the selection")],
  ["?", gettext("This list")],
];

function Help() {
  const on = state.shortcuts.value.value === "on";
  return html`<${Dialog} title=${gettext("Keyboard")}>
    <label class="switch"><input type="checkbox" checked=${on} onChange=${() => state.shortcuts.set(on ? "off" : "on")} />${gettext("Single keys act (never while you type)")}</label>
    <dl class="keys">${KEYS().map(([keys, what]) => html`<div key=${keys}><dt>${keys.split(" ").map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
  <//>`;
}

function Appearance() {
  const names = {
    system: gettext("As the system"),
    light: gettext("Light"),
    dark: gettext("Dark"),
  };
  return html`<${Dialog} title=${gettext("Appearance")}>
    <fieldset><legend class="only-heard">${gettext("Appearance")}</legend>
      ${Object.entries(names).map(([value, name]) => html`<label key=${value} class="switch"><input type="radio" name="appearance" value=${value} checked=${state.appearance.value.value === value} onChange=${() => state.appearance.set(value)} />${name}</label>`)}
    </fieldset>
  <//>`;
}

function LogOut() {
  const { count } = state.store.value?.waiting.value ?? { count: 0 };
  useEffect(() => {
    if (!count) void logOutNow(); // everything has been sent in the meantime
  }, [count]);
  return html`<${Dialog} title=${gettext("Log out?")}>
    <p>${ngettext("{count} change has not reached the server. If you log out now, it is lost.", "{count} changes have not reached the server. If you log out now, they are lost.", count)}</p>
    <p class="answers"><${Answer} label=${gettext("Stay logged in")} act=${nothing} /><${Answer} quiet danger label=${gettext("Log out and lose them")} act=${logOutNow} /></p>
  <//>`;
}

function EmptyTrash() {
  const gone = state.all("todo").filter((todo) => todo.deleted_at);
  const ids = gone.map(({ id }) => id);
  return html`<${Dialog} title=${gettext("Empty the trash?")}>
    <p>${ngettext("{count} to-do will be deleted for good.", "{count} to-dos will be deleted for good.", ids.length)}</p>
    <p class="answers"><${Answer} danger label=${gettext("Delete for good")} act=${() => purge(ids)} /><${Answer} quiet label=${gettext("Cancel")} act=${nothing} /></p>
  <//>`;
}

const DIALOGS = /** @type {Record<string, any>} */ ({
  help: Help,
  appearance: Appearance,
  "log-out": LogOut,
  "empty-trash": EmptyTrash,
  "remove-list": RemoveList,
  list: ChangeList,
  tag: ChangeTag,
  "remove-tag": RemoveTag,
  filter: ChangeFilter,
  "new-filter": NewFilter,
  "remove-filter": RemoveFilter,
  problems: Problems,
});

export function Dialogs() {
  const found = DIALOGS[state.dialog.value];
  return found ? html`<${found} key=${state.dialog.value} />` : null;
}
