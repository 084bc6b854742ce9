// The search syntax, as the server reads `q`: plain words, and words with a key.
//   milk "two litres" tag:shop list:"My list" due:today priority:3,4 is:open
import { asSeen, isOverdue } from "#app/days.js";
import { fold } from "#app/text.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {"" | "tag" | "list" | "due" | "priority" | "is"} Key */
/** @typedef {{key: Key, value: string, word: string}} Term */
/** @typedef {{now: {on: string, at: string}, zone: string, listName: (todo: Todo) => string}} Around */

export const QUERY_LENGTH = 500;
const MOST_TERMS = 100;
const MOST_KEYED = 20;
const TERM = /(?:(tag|list|due|priority|is):)?("[^"]*"|[^\s"]+|"|)/giu;
const DUES = ["overdue", "today", "upcoming", "none"];
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Accepts typed forms: `#shop` is a part of a tag. @param {string} text */
export const typed = (text) => text.replace(/(^|\s)[#＃](?=\S)/gu, "$1").trim();

/** @type {Record<Exclude<Key, "">, (value: string) => boolean>} */
const CHECKS = {
  tag: () => true,
  list: () => true,
  due: (value) => DUES.includes(value.toLowerCase()) || isDay(value),
  priority: (value) => value.split(",").every((level) => /^[0-4]$/.test(level)),
  is: (value) => ["open", "finished"].includes(value.toLowerCase()),
};

/** @param {string} text */
function isDay(text) {
  const date = new Date(`${text}T00:00Z`);
  const is = DAY.test(text) && text >= "1900" && text < "9999" && !Number.isNaN(date.getTime());
  return is && date.toISOString().startsWith(text);
}

/**
 * The terms, and the invalid ones, which the server would refuse.
 * @param {string} text
 * @returns {{terms: Term[], bad: string[]}}
 */
export function parse(text) {
  /** @type {Term[]} */
  const terms = [];
  /** @type {string[]} */
  const bad = [];
  for (const match of text.matchAll(TERM)) {
    if (!match[0]) continue;
    const term = termOf(match);
    if (term) terms.push(term);
    else bad.push(match[0]);
  }
  const keyed = terms.filter(({ key }) => key).length;
  if (terms.length > MOST_TERMS || keyed > MOST_KEYED) bad.push(text);
  return { terms, bad };
}

/** @param {RegExpMatchArray} match @returns {Term | undefined} */
function termOf([word, name = "", written = ""]) {
  const key = /** @type {Key} */ (name.toLowerCase());
  const quoted = written.length > 1 && written.startsWith('"') && written.endsWith('"');
  const value = quoted ? written.slice(1, -1) : written;
  if (!key) return { key, value, word };
  if ((!quoted && written.startsWith('"')) || !fold(value)) return undefined;
  return CHECKS[key](value) ? { key, value, word } : undefined;
}

/**
 * What says of a to-do whether the words of a search or of a saved filter find it.
 * @param {string} view
 * @param {string} query
 * @param {Around} around
 */
export function finder(view, query, around) {
  const { terms } = parse(view === "search" ? typed(query) : query);
  return terms.length ? finds(terms, around) : undefined;
}

/**
 * What says of a to-do whether all terms find it.
 * @param {Term[]} terms
 * @param {Around} around
 * @returns {(todo: Todo) => boolean}
 */
export function finds(terms, around) {
  const tests = terms.map(({ key, value }) => TESTS[key](value, around));
  return (todo) => tests.every((test) => test(todo));
}

/** @type {Record<Key, (value: string, around: Around) => (todo: Todo) => boolean>} */
const TESTS = {
  "": (value) => {
    const wanted = fold(value);
    return (todo) => folded(todo).includes(wanted);
  },
  tag: (value) => {
    const wanted = fold(value);
    return ({ tags }) => tags.some((tag) => fold(tag) === wanted);
  },
  list: (value, { listName }) => {
    const wanted = fold(value);
    return (todo) => fold(listName(todo)) === wanted;
  },
  priority: (value) => {
    const levels = value.split(",").map(Number);
    return ({ priority }) => levels.includes(priority);
  },
  is: (value) => {
    const wanted = value.toLowerCase();
    return ({ status }) => status === wanted;
  },
  due: (value, around) => dueTest(value.toLowerCase(), around),
};

/** @param {string} value @param {Around} around @returns {(todo: Todo) => boolean} */
function dueTest(value, { now, zone }) {
  /** @type {(test: (seen: {on: string, at: string | null}, todo: Todo) => boolean) => (todo: Todo) => boolean} */
  const due = (test) => (todo) => Boolean(todo.due && test(asSeen(todo.due, zone), todo));
  if (value === "none") return ({ due: none }) => !none;
  if (value === "overdue")
    return due((seen, { status }) => status === "open" && isOverdue(seen, now));
  if (value === "today")
    return due(({ on }, { start_on }) => on === now.on && (start_on ?? "") <= now.on);
  if (value === "upcoming") return due(({ on }) => on > now.on);
  return due(({ on }) => on === value);
}

/** @type {WeakMap<Todo, string>} */
const texts = new WeakMap();

/** @param {Todo} todo */
function folded(todo) {
  let text = texts.get(todo);
  if (text === undefined) {
    text = fold(`${todo.title}\n${todo.notes}\n${todo.tags.join("\n")}`);
    texts.set(todo, text);
  }
  return text;
}
