// Shows the parts that quick add has recognised; the user can undo each.
import { time } from "#app/days.js";
import { inWords } from "#app/recurrence.js";
import { today } from "#app/state.js";
import { gettext, language } from "#app/text.js";
import { html, Icon } from "#app/views/html.js";
import { dayWords, PRIORITIES } from "#app/views/row.js";

/** @typedef {import("#app/quickadd/reading.js").Reading} Reading */
/** @typedef {import("#app/sentence.js").Understood} Understood */

const ICONS = { due: "today", recurrence: "repeat", tag: "tag", list: "list", priority: "flag" };

/** @param {import("#app/days.js").Due | null} due */
export function dueWords(due) {
  if (!due) return "";
  const at = due.at ? time(due.at, language()) : "";
  return [dayWords(due.on, today.value), at].filter(Boolean).join(" ");
}

/** @param {string | null} rule @param {string} [from] */
export function ruleWords(rule, from = "due") {
  if (!rule) return "";
  const words = inWords(rule, today.value, language());
  const whole =
    from === "completion" ? gettext("{rule}, after it is finished", { rule: words }) : words;
  return (whole[0] ?? "").toLocaleUpperCase() + whole.slice(1);
}

/** @param {Understood} one @param {Reading} reading */
function words({ member, value }, { due, recurrence, recurrence_from, list, priority }) {
  if (member === "due") return dueWords(due);
  if (member === "recurrence") return ruleWords(recurrence, recurrence_from);
  if (member === "list") return list ?? "";
  return member === "tag" ? value : (PRIORITIES()[priority ?? 0] ?? "");
}

/** @param {{some: Understood[], reading: Reading, onRefuse: (words: string[]) => void}} props */
export function Chips({ some, reading, onRefuse }) {
  const first = reading.recurrence && reading.due && !some.some(({ member }) => member === "due");
  return html`<ul class="understood" id="understood" aria-label=${gettext("Understood")}>
    ${some.map((one) => {
      const name = words(one, reading);
      return html`<li key=${one.member + one.value} class="chip">
        <${Icon} name=${ICONS[one.member]} /><bdi>${name}</bdi>
        <button type="button" aria-label=${gettext("Do not understand “{words}”", { words: one.words.join(" ") })}
          onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()}
          onClick=${() => onRefuse(one.words)}><${Icon} name="close" /></button>
      </li>`;
    })}
    ${first && html`<li class="from">${gettext("first {day}", { day: dueWords(reading.due) })}</li>`}
  </ul>`;
}
