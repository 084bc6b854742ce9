// The reminders of a to-do: some time before the due, or at a moment.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { remind } from "#app/changes.js";
import { date, local, moment, time } from "#app/days.js";
import { uuid } from "#app/ids.js";
import * as state from "#app/state.js";
import { gettext, language } from "#app/text.js";
import { textOf } from "#app/views/facts.js";
import { atOnce, html, Icon } from "#app/views/html.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").Reminder} Reminder */

const MOST = 10;
const BEFORE = [0, 10, 30, 60, 1440];
const AT = "at"; // the option that asks for a moment

/** @param {number} minutes */
function beforeWords(minutes) {
  /** @type {Record<number, string>} */
  const usual = {
    0: gettext("When it is due"),
    60: gettext("An hour before"),
    1440: gettext("A day before"),
  };
  return usual[minutes] ?? gettext("{count} minutes before", { count: minutes });
}

/** @param {Reminder} reminder */
function words({ remind_at: at, minutes_before: minutes }) {
  if (!at) return beforeWords(minutes ?? 0);
  const there = local(Date.parse(at), state.zone.value);
  return `${date(there.on, state.today.value, language())} ${time(there.at, language())}`;
}

/** A field for a moment, added once it is complete. @param {{add: (at: string) => void, onDone: () => void}} props */
function AtMoment({ add, onDone }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => field.current?.focus(), []);
  const leave = () => {
    atOnce(onDone);
    document.getElementById("detail-remind")?.focus();
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const [on = "", clock = ""] = field.current?.value.split("T") ?? [];
    add(new Date(moment(on, clock, state.zone.value)).toISOString());
    leave();
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    leave();
  };
  return html`<form class="in-words" onSubmit=${submit} onKeyDown=${key}>
    <input ref=${field} type="datetime-local" required min="1900-01-01T00:00" max="9998-12-31T00:00" aria-label=${gettext("Remind at")} />
    <button class="button">${gettext("Set")}</button>
  </form>`;
}

/** @param {{todo: Todo}} props */
export function Reminders({ todo }) {
  const [asks, setAsks] = useState(false);
  const some = todo.reminders ?? [];
  /** @param {Partial<Reminder>} more */
  const add = (more) =>
    remind(todo.id, [
      ...some,
      { id: uuid(), remind_at: null, minutes_before: null, channel: "", ...more },
    ]);
  /** @param {Event} event */
  const choose = (event) => {
    const chosen = textOf(event);
    /** @type {HTMLSelectElement} */ (event.target).value = ""; // reset, because it keeps the focus
    if (chosen === AT) setAsks(true);
    else if (chosen && !some.some((it) => it.minutes_before === Number(chosen)))
      add({ minutes_before: Number(chosen) });
  };
  return html`<div class="line">
    <dt><label for="detail-remind"><${Icon} name="bell" />${gettext("Reminders")}</label></dt>
    <dd>
      ${some.map(
        (
          it,
        ) => html`<button key=${it.id} class="chip" aria-label=${gettext("Remove reminder {when}", { when: words(it) })}
          onClick=${() =>
            remind(
              todo.id,
              some.filter(({ id }) => id !== it.id),
            )}>${words(it)} ×</button>`,
      )}
      ${
        some.length < MOST &&
        html`<select id="detail-remind" onChange=${choose}>
          <option value="">${gettext("Remind me …")}</option>
          ${todo.due && BEFORE.map((minutes) => html`<option key=${minutes} value=${minutes}>${beforeWords(minutes)}</option>`)}
          <option value=${AT}>${gettext("At a time …")}</option>
        </select>
        ${asks && html`<${AtMoment} add=${(/** @type {string} */ at) => add({ remind_at: at })} onDone=${() => setAsks(false)} />`}`
      }
    </dd>
  </div>`;
}
