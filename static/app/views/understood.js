// What quick add makes of a sentence: chips while it is typed, and the fields of a to-do.
import { lists } from "#app/actions.js";
import { movesToList } from "#app/changes.js";
import { byPlace } from "#app/order.js";
import { reader } from "#app/quickadd/reading.js";
import { byName, fieldsOf, understood } from "#app/sentence.js";
import { store, zone } from "#app/state.js";
import { clean, fold, split } from "#app/text.js";
import { commit } from "#app/undo.js";
import { Chips } from "#app/views/chips.js";
import { html } from "#app/views/html.js";

/** @typedef {import("#app/model.js").Fields} Fields */
/**
 * @typedef {object} Around
 * @property {Fields} given what a to-do has from the view in which it is written
 * @property {number} moment when it is written, in milliseconds since 1970
 * @property {ReadonlySet<string>} refused words that are not to be understood
 */
/** @typedef {{id: string, text: string, around: Around}} Unread a to-do with a sentence as its title */

/** @type {ReturnType<typeof reader> | undefined} */
let reads;

/** @param {import("#app/quickadd/grammar.js").Words} words of all languages */
export function learn(words) {
  reads = reader(words);
}

/** @type {ReturnType<typeof reader>} */
export function read(text, around) {
  if (!reads) throw new Error("The words are not here");
  return reads(text, around);
}

const named = () => byName(lists().sort(byPlace));

/** @param {string} text @param {Omit<Around, "given">} around */
function reading(text, { moment, refused }) {
  const known = named();
  const knowsList = (/** @type {string} */ name) => known.has(fold(name));
  return read(text, { moment, zone: zone.value, knowsList, refused });
}

/** The fields of a new to-do by what a sentence says. @param {string} text @param {Around} around @returns {Fields} */
export function made(text, around) {
  const found = reading(text, around);
  const fields = fieldsOf(found, named(), around.given);
  return { ...fields, title: clean(found.title) ? found.title : text };
}

/**
 * To-dos that were written before quick add was here, unless they have been changed since.
 * @param {Unread[]} some
 */
export function readLate(some) {
  for (const { id, text, around } of some) {
    const todo = store.peek()?.get("todo", id);
    const [before, rest] = split(clean(text));
    if (!todo || todo.deleted_at || todo.title !== before) continue;
    const { list, title: whole, ...fields } = made(text, around);
    const [title, notes] = split(clean(whole));
    const long = rest && rest === todo.notes ? { notes } : {};
    commit([{ kind: "todo", id, op: "update", fields: { ...fields, ...long, title } }]);
    if (list && list !== todo.list) commit(movesToList([id], list));
  }
}

/** @param {{text: string, around: Omit<Around, "given">, onRefuse: (words: string[]) => void}} props */
export function Understood({ text, around, onRefuse }) {
  const found = reading(text, around);
  return html`<${Chips} some=${understood(text, found)} reading=${found} onRefuse=${onRefuse} />`;
}
