// Whether a to-do comes again: rules by one click, or in words.
import { useEffect, useState } from "preact/hooks";
import { repeat } from "#app/changes.js";
import { sentences } from "#app/later.js";
import { seen } from "#app/lists.js";
import { presets } from "#app/recurrence.js";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";
import { dueWords, ruleWords } from "#app/views/chips.js";
import { textOf } from "#app/views/facts.js";
import { atOnce, html, Icon } from "#app/views/html.js";

/** @typedef {import("#app/model.js").Todo} Todo */

const IN_WORDS = "words";

/** Reads the typed text as quick add does. @param {string} text */
function understood(text) {
  const around = { moment: state.clock.value, zone: state.zone.value, knowsList: () => false };
  return sentences.here.value?.read(text, around);
}

/** @param {{todo: Todo}} props */
export function Repeat({ todo }) {
  const [writes, setWrites] = useState(false);
  const { recurrence, recurrence_from: from } = todo;
  const on = seen(todo, state.zone.value)?.on ?? state.today.value;
  const rules = presets(on);
  if (recurrence && !rules.includes(recurrence)) rules.push(recurrence);
  const due = todo.due ? {} : { due: { on, at: null, time_zone: null } };
  /** @param {Event} event */
  const choose = (event) => {
    const rule = textOf(event);
    if (rule === IN_WORDS) return setWrites(true);
    repeat([todo.id], rule || null, rule ? due : {});
  };
  const pending = todo.status === "finished" && state.store.value?.pending.has(`todo:${todo.id}`);
  return html`<div class="line">
      <dt><label for="detail-repeat"><${Icon} name="repeat" />${gettext("Repeat")}</label></dt>
      <dd>
        <select id="detail-repeat" value=${recurrence ?? ""} onChange=${choose} key=${writes}>
          <option value="">${gettext("Never")}</option>
          ${rules.map((rule) => html`<option key=${rule} value=${rule}>${ruleWords(rule)}</option>`)}
          <option value=${IN_WORDS}>${gettext("In words …")}</option>
        </select>
        ${recurrence && pending && html`<p class="hint">${gettext("The next one comes after the next sync.")}</p>`}
      </dd>
    </div>
    ${writes && html`<${Words} todo=${todo} onDone=${() => setWrites(false)} />`}
    ${
      recurrence &&
      html`<div class="line">
      <dt><label for="detail-repeat-from">${gettext("Counted from")}</label></dt>
      <dd><select id="detail-repeat-from" value=${from} onChange=${(/** @type {Event} */ event) => repeat([todo.id], recurrence, { recurrence_from: textOf(event) })}>
        <option value="due">${gettext("the day it is due")}</option>
        <option value="completion">${gettext("the day it is finished")}</option>
      </select></dd>
    </div>`
    }`;
}

/** @param {{todo: Todo, onDone: () => void}} props */
function Words({ todo, onDone }) {
  const [text, setText] = useState("");
  useEffect(() => void sentences.fetch(), []);
  const found = understood(text);
  const leave = () => {
    atOnce(onDone);
    document.getElementById("detail-repeat")?.focus();
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    void sentences.use(() => {
      const { recurrence, recurrence_from, due } = understood(text) ?? {};
      if (!recurrence) return;
      repeat([todo.id], recurrence, { recurrence_from, ...(todo.due || !due ? {} : { due }) });
      leave();
    });
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    leave();
  };
  const words = found?.recurrence
    ? [ruleWords(found.recurrence, found.recurrence_from), !todo.due && dueWords(found.due)]
    : [text ? gettext("Not understood yet") : gettext("Such as “every second friday”")];
  return html`<form class="in-words" onSubmit=${submit}>
    <input dir="auto" autocomplete="off" maxlength="100" ref=${(/** @type {HTMLElement | null} */ field) => !text && field?.focus()}
      aria-label=${gettext("Repeat in words")} aria-describedby="repeat-words" onKeyDown=${key}
      onInput=${(/** @type {Event} */ event) => setText(textOf(event))} />
    <button class="button" disabled=${Boolean(sentences.here.value) && !found?.recurrence}>${gettext("Set")}</button>
    <p id="repeat-words" class="hint" role="status">${words.filter(Boolean).join(" · ")}</p>
  </form>`;
}
