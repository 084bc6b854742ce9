// The result of quick add: the fields of a new to-do, and the words behind each.
import { fold } from "#app/text.js";

/** @typedef {import("#app/model.js").Fields} Fields */
/** @typedef {import("#app/model.js").List} List */
/** @typedef {import("#app/quickadd/reading.js").Reading} Reading */
/** @typedef {"due" | "recurrence" | "tag" | "list" | "priority"} Member */
/** @typedef {{member: Member, value: string, words: string[]}} Understood `words`: of the text */

/** Folded name -> list; the first of duplicates. @param {List[]} sorted */
export function byName(sorted) {
  const open = sorted.filter((list) => !list.archived_at);
  return new Map(open.reverse().map((list) => [fold(list.name), list]));
}

/**
 * The fields of the sentence, which take precedence over those of the view.
 * @param {Reading} reading
 * @param {Map<string, List>} lists
 * @param {Fields} given
 * @returns {Fields}
 */
export function fieldsOf(reading, lists, given) {
  const { due, recurrence, recurrence_from, tags, list, priority } = reading;
  const found = list === null ? undefined : lists.get(fold(list));
  const all = [...new Set([...(given.tags ?? []), ...tags])];
  return {
    ...given,
    ...(due ? { due } : {}),
    ...(recurrence ? { recurrence, recurrence_from } : {}),
    ...(all.length ? { tags: all } : {}),
    ...(found ? { list: found.id } : {}),
    ...(priority === null ? {} : { priority }),
  };
}

/**
 * The chips of a reading, one for each part that the user can undo.
 * @param {string} text
 * @param {Reading} reading
 * @returns {Understood[]}
 */
export function understood(text, { spans, recurrence }) {
  const letters = [...text];
  /** @type {Map<string, Understood>} */
  const found = new Map();
  for (const { start, end, kind, isUntil } of spans) {
    const words = letters.slice(start, end).join("");
    const member = /** @type {Member} */ (
      kind === "date" || kind === "time" ? (isUntil && recurrence ? "recurrence" : "due") : kind
    );
    const value = member === "tag" ? words.replace(/^[#＃]"?|"$/gu, "") : "";
    const known = found.get(member + fold(value));
    if (known) known.words.push(words);
    else found.set(member + fold(value), { member, value, words: [words] });
  }
  return [...found.values()];
}
