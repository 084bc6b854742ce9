// When a person is reminded of a to-do: so long before it is due, or at a moment.
import { remind } from "#app/actions.js";
import { date, local, moment, time } from "#app/days.js";
import { uuid } from "#app/ids.js";
import * as state from "#app/state.js";
import { gettext, language } from "#app/text.js";
import { textOf } from "#app/views/facts.js";
import { html, Icon } from "#app/views/html.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").Reminder} Reminder */

const MOST = 10;
const BEFORE = [0, 10, 30, 60, 1440];

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

/** @param {{todo: Todo}} props */
export function Reminders({ todo }) {
  const some = todo.reminders ?? [];
  /** @param {Partial<Reminder>} more */
  const add = (more) =>
    remind(todo.id, [
      ...some,
      { id: uuid(), remind_at: null, minutes_before: null, channel: "", ...more },
    ]);
  /** @param {Event} event */
  const before = (event) => textOf(event) && add({ minutes_before: Number(textOf(event)) });
  /** @param {Event} event */
  const at = (event) => {
    const [on = "", clock = ""] = textOf(event).split("T");
    if (!on || !clock) return;
    add({ remind_at: new Date(moment(on, clock, state.zone.value)).toISOString() });
  };
  return html`<div class="line">
    <dt><span><${Icon} name="bell" />${gettext("Reminders")}</span></dt>
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
        html`${
          todo.due &&
          html`<select aria-label=${gettext("Remind before it is due")} value="" onChange=${before} key=${some.length}>
            <option value="">${gettext("Remind me …")}</option>
            ${BEFORE.map((minutes) => html`<option key=${minutes} value=${minutes}>${beforeWords(minutes)}</option>`)}
          </select>`
        }
        <input type="datetime-local" aria-label=${gettext("Remind at")} key=${`at ${some.length}`} onChange=${at} />`
      }
    </dd>
  </div>`;
}
