// Dialogs for a list, a saved filter or a tag.
import { useState } from "preact/hooks";
import {
  addFilter,
  changeFilter,
  changeList,
  changeTag,
  removeFilter,
  removeList,
  removeTag,
  tagNamed,
} from "#app/places.js";
import { parse, QUERY_LENGTH } from "#app/query.js";
import * as state from "#app/state.js";
import { clean, gettext, ngettext, TAG_LENGTH } from "#app/text.js";
import { Answer, close, Dialog, nothing } from "#app/views/dialog.js";
import { textOf } from "#app/views/facts.js";
import { html } from "#app/views/html.js";

/** The object of the current view. @param {import("#app/model.js").Kind} kind */
const here = (kind) => state.store.value?.get(kind, state.route.value.of);

export function RemoveList() {
  const { of } = state.route.value;
  const list = here("list");
  /** @param {boolean} trashes */
  const remove = (trashes) => () => {
    state.go({ view: "inbox" });
    removeList(of, trashes);
  };
  return html`<${Dialog} title=${gettext("Delete this list?")}>
    <p><bdi>${list?.name}</bdi></p><p>${gettext("This cannot be undone. What becomes of its to-dos?")}</p>
    <p class="answers"><${Answer} label=${gettext("Move them to the inbox")} act=${remove(false)} /><${Answer} danger label=${gettext("Move them to the trash")} act=${remove(true)} /><${Answer} quiet label=${gettext("Cancel")} act=${nothing} /></p>
  <//>`;
}

const COLORS = [
  "#0b6e62",
  "#b4541f",
  "#5a55b8",
  "#2b5fa8",
  "#ad2318",
  "#8a5a00",
  "#7d3c78",
  "#4c6b1f",
];

/** @param {{color: string}} props */
function Colors({ color }) {
  return html`<fieldset class="colors"><legend>${gettext("Colour")}</legend>
    ${["", ...COLORS].map((one, index) => html`<label key=${one}><input type="radio" name="color" value=${one} defaultChecked=${color === one} aria-label=${one ? gettext("Colour {number}", { number: index }) : gettext("No colour")} /><span class="dot" style=${{ "--c": one || "var(--edge)" }}></span></label>`)}
  </fieldset>`;
}

/**
 * A form with a name, a colour and further fields.
 * @param {{title: string, name: string, color: string, longest?: number, children?: any, save: (form: {name: string, color: string} & Record<string, string>) => void}} props
 */
function NameAndColor({ title, name, color, longest = 128, children, save }) {
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const form = /** @type {any} */ (
      Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)))
    );
    close();
    if (clean(form.name)) save({ ...form, name: clean(form.name), color: form.color ?? "" });
  };
  return html`<${Dialog} title=${title}>
    <form class="list-form" onSubmit=${submit}>
      <label>${gettext("Name")}<input name="name" dir="auto" required maxlength=${longest} autocomplete="off" defaultValue=${name} /></label>
      ${children}
      <${Colors} color=${color} />
      <p class="answers"><button class="button">${gettext("Save")}</button></p>
    </form>
  <//>`;
}

export function ChangeList() {
  const { of } = state.route.value;
  const { name = "", color = "" } = here("list") ?? {};
  return html`<${NameAndColor} title=${gettext("Change this list")} name=${name} color=${color}
    save=${(/** @type {any} */ form) => changeList(of, { name: form.name, color: form.color })} />`;
}

export function ChangeTag() {
  const { of } = state.route.value;
  const { name = of, color = "" } = tagNamed(of) ?? {};
  /** @param {{name: string, color: string}} form */
  const save = (form) => {
    changeTag(of, { name: form.name, color: form.color });
    state.go({ view: "tag", of: form.name });
  };
  return html`<${NameAndColor} title=${gettext("Change this tag")} name=${name} color=${color} longest=${TAG_LENGTH} save=${save} />`;
}

export function RemoveTag() {
  const { of } = state.route.value;
  const count = state.all("todo").filter((todo) => todo.tags.includes(of)).length;
  const remove = () => {
    state.go({ view: "today" });
    removeTag(of);
  };
  return html`<${Dialog} title=${gettext("Delete this tag?")}>
    <p><bdi>#${of}</bdi></p>
    <p>${ngettext("{count} to-do loses it. This cannot be undone.", "{count} to-dos lose it. This cannot be undone.", count)}</p>
    <p class="answers"><${Answer} danger label=${gettext("Delete")} act=${remove} /><${Answer} quiet label=${gettext("Cancel")} act=${nothing} /></p>
  <//>`;
}

/** @param {{query: string}} props */
function Words({ query }) {
  const [typed, setTyped] = useState(query);
  const { bad } = parse(typed);
  return html`<label>${gettext("Words")}<input name="query" dir="auto" required maxlength=${QUERY_LENGTH} autocomplete="off" defaultValue=${query} aria-describedby="words-hint"
      onInput=${(/** @type {Event} */ event) => setTyped(textOf(event))}
      ref=${(/** @type {HTMLInputElement | null} */ field) => field?.setCustomValidity(bad.length ? gettext("Not understood: {words}", { words: bad.join(" ") }) : "")} />
    <span class="hint" id="words-hint">${bad.length ? gettext("Not understood: {words}", { words: bad.join(" ") }) : gettext("Write for example tag:shop, list:home, due:today, priority:3,4 or is:open.")}</span></label>`;
}

export function ChangeFilter() {
  const { of } = state.route.value;
  const { name = "", color = "", query = "" } = here("filter") ?? {};
  return html`<${NameAndColor} title=${gettext("Change this filter")} name=${name} color=${color}
    save=${(/** @type {any} */ form) => changeFilter(of, { name: form.name, color: form.color, query: form.query.trim() })}>
    <${Words} query=${query} /><//>`;
}

export function NewFilter() {
  const { view, query } = state.route.value;
  const words = view === "search" ? query : "";
  /** @param {any} form */
  const save = (form) => {
    const id = addFilter(form.name, form.query, form.color);
    if (id) state.go({ view: "filter", of: id });
  };
  return html`<${NameAndColor} title=${gettext("New filter")} name=${clean(words)} color="" save=${save}>
    <${Words} query=${words} /><//>`;
}

export function RemoveFilter() {
  const { of } = state.route.value;
  const remove = () => {
    state.go({ view: "today" });
    removeFilter(of);
  };
  return html`<${Dialog} title=${gettext("Delete this filter?")}>
    <p><bdi>${here("filter")?.name}</bdi></p><p>${gettext("Your to-dos stay as they are.")}</p>
    <p class="answers"><${Answer} danger label=${gettext("Delete")} act=${remove} /><${Answer} quiet label=${gettext("Cancel")} act=${nothing} /></p>
  <//>`;
}
