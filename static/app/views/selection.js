// What can be done with several rows at once.
import { finish, postpone, restore, trash } from "#app/actions.js";
import { moveToList, prioritise, purge, tag } from "#app/changes.js";
import { counts } from "#app/lists.js";
import { byPlace } from "#app/order.js";
import { data } from "#app/shown.js";
import * as state from "#app/state.js";
import { gettext, ngettext } from "#app/text.js";
import { html, Icon } from "#app/views/html.js";
import { PRIORITIES } from "#app/views/row.js";

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
