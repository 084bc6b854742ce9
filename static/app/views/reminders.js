// When a person is reminded of a to-do.
import { remind } from "#app/actions.js";
import { local } from "#app/days.js";
import { uuid } from "#app/ids.js";
import * as state from "#app/state.js";
import { gettext, language } from "#app/text.js";
import { dueWords } from "#app/views/chips.js";
import { textOf } from "#app/views/facts.js";
import { html, Icon } from "#app/views/html.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").Reminder} Reminder */

const BEFORE = [0, 10, 60, 1440]; // minutes
const MOST = 10;

/** @param {number} minutes */
function before(minutes) {
  if (!minutes) return gettext("when it is due");
  const [amount, unit] =
    minutes % 1440 === 0
      ? [minutes / 1440, "day"]
      : minutes % 60 === 0
        ? [minutes / 60, "hour"]
        : [minutes, "minute"];
  const words = new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" });
  return gettext("{time} before", { time: words.format(amount) });
}

/** @param {Reminder} reminder */
function words({ remind_at, minutes_before }) {
  if (!remind_at) return before(minutes_before ?? 0);
  return dueWords({ ...local(Date.parse(remind_at), state.zone.value), time_zone: null });
}

/** @param {{todo: Todo}} props */
export function Reminders({ todo }) {
  const some = todo.reminders ?? [];
  const free = BEFORE.filter((minutes) => !some.some((one) => one.minutes_before === minutes));
  /** @param {Event} event */
  const choose = (event) => {
    const field = /** @type {HTMLSelectElement} */ (event.target);
    const minutes = textOf(event);
    if (minutes)
      remind(todo, [{ id: uuid(), remind_at: null, minutes_before: Number(minutes) }], []);
    field.value = "";
  };
  if (!todo.due && !some.length) return null;
  return html`<div class="line">
    <dt><label for="detail-reminder"><${Icon} name="bell" />${gettext("Reminders")}</label></dt>
    <dd class="chips">
      ${some.map((one) => html`<span key=${one.id} class="chip">${words(one)}<button aria-label=${gettext("Remove {name}", { name: words(one) })} onClick=${() => remind(todo, [], [one.id])}><${Icon} name="close" /></button></span>`)}
      ${
        todo.due &&
        some.length < MOST &&
        html`<select id="detail-reminder" value="" onChange=${choose}>
          <option value="">${gettext("Add")}</option>
          ${free.map((minutes) => html`<option key=${minutes} value=${String(minutes)}>${before(minutes)}</option>`)}
        </select>`
      }
    </dd>
  </div>`;
}
