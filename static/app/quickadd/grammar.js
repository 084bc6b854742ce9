// The words and phrases of quick add, and their matches at a token. The server's grammar.py
// documents the format.
import { isDigit, split } from "#app/quickadd/tokens.js";

/** @typedef {import("#app/quickadd/tokens.js").Token} Token */
/** @typedef {[any, number]} Taken a value, and the index of the next token */
/** @typedef {{glued: boolean, slot: string, literal: string}} Element */
/** @typedef {Record<string, any>} Values */
/** @typedef {{do: string, elements: Element[], given: Values, condition: string, order: number}} Phrase */
/** @typedef {{phrase: Phrase, values: Values, first: number, behind: number}} Match */
/**
 * @typedef {object} Words
 * @property {Record<string, string>} same
 * @property {Record<string, string>} quotes
 * @property {Record<string, Record<string, Record<string, any>>>} classes
 * @property {{do: string, say: string[], with?: Values, if?: string}[]} phrases
 */
/** @typedef {(grammar: Grammar, tokens: Token[], place: number) => Taken | undefined} Reader */
/**
 * A node of a trie: phrases with a common beginning share nodes.
 * @typedef {{literals: Map<string, Node>, others: Map<string, {element: Element, node: Node}>, phrases: Phrase[]}} Node
 */

const MOST_WEEKDAYS = 7;
const MOST_DAYS = 31;

/** @returns {Node} */
const newNode = () => ({ literals: new Map(), others: new Map(), phrases: [] });

export class Grammar {
  /** @param {Words} words */
  constructor({ same, quotes, classes, phrases }) {
    this.same = same;
    this.quotes = quotes;
    /** @type {Map<string, Map<string, [string[], any][]>>} */
    this.classes = new Map(Object.entries(classes).map(([name, by]) => [name, byFirst(by)]));
    this.root = newNode();
    let order = 0;
    for (const { do: meaning, say, with: given = {}, if: condition = "" } of phrases) {
      for (const text of say) {
        const phrase = { do: meaning, elements: elementsOf(text), given, condition, order };
        order++;
        this.plant(phrase);
      }
    }
  }

  /** @param {Phrase} phrase */
  plant(phrase) {
    let node = this.root;
    for (const element of phrase.elements) node = child(node, element);
    node.phrases.push(phrase);
  }

  /** The matches at this token, longest first, then in the order of the file.
   * @param {Token[]} tokens
   * @param {number} first
   * @returns {Match[]}
   */
  matches(tokens, first) {
    /** @type {Match[]} */
    const found = [];
    this.walk(this.root, tokens, first, {}, (phrase, values, behind) => {
      found.push({ phrase, values: { ...phrase.given, ...values }, first, behind });
    });
    return found.sort((a, b) => b.behind - a.behind || a.phrase.order - b.phrase.order);
  }

  /**
   * @param {Node} node
   * @param {Token[]} tokens
   * @param {number} place
   * @param {Values} values
   * @param {(phrase: Phrase, values: Values, behind: number) => void} found
   */
  walk(node, tokens, place, values, found) {
    for (const phrase of node.phrases) found(phrase, values, place);
    const token = tokens[place];
    if (!token) return;
    const literal = node.literals.get(token.text);
    if (literal) this.walk(literal, tokens, place + 1, values, found);
    for (const { element, node: next } of node.others.values()) {
      const taken = this.take(element, tokens, place);
      if (!taken) continue;
      const more = element.slot ? { ...values, [element.slot]: taken[0] } : values;
      this.walk(next, tokens, taken[1], more, found);
    }
  }

  /** @param {Element} element @param {Token[]} tokens @param {number} place @returns {Taken | undefined} */
  take({ glued, slot, literal }, tokens, place) {
    if (glued && !isGlued(tokens, place)) return undefined;
    const read = SLOTS[slot];
    if (slot) return read ? read(this, tokens, place) : this.word(slot, tokens, place);
    return tokens[place]?.text === literal ? [undefined, place + 1] : undefined;
  }

  /** The longest word of the class.
   * @param {string} name
   * @param {Token[]} tokens
   * @param {number} place
   * @returns {Taken | undefined}
   */
  word(name, tokens, place) {
    for (const [texts, value] of this.classes.get(name)?.get(tokens[place]?.text ?? "") ?? []) {
      if (texts.every((text, index) => tokens[place + index]?.text === text))
        return [value, place + texts.length];
    }
    return undefined;
  }
}

/** @param {Node} node @param {Element} element */
function child(node, element) {
  const { glued, slot, literal } = element;
  if (!slot && !glued) {
    const next = node.literals.get(literal) ?? newNode();
    node.literals.set(literal, next);
    return next;
  }
  const key = `${glued} ${slot} ${literal}`;
  const other = node.others.get(key) ?? { element, node: newNode() };
  node.others.set(key, other);
  return other.node;
}

/** @param {string} say @returns {Element[]} */
function elementsOf(say) {
  return say.split(" ").flatMap((part) => {
    const glued = part.startsWith("+") && part.length > 1;
    const rest = glued ? part.slice(1) : part;
    if (rest.startsWith("{")) return [{ glued, slot: rest.slice(1, -1), literal: "" }];
    return split([...rest]).map(({ text }) => ({ glued, slot: "", literal: text }));
  });
}

/** First token -> (all tokens, value), longest word first.
 * @param {Record<string, Record<string, any>>} words by language
 */
function byFirst(words) {
  /** @type {Map<string, [string[], any][]>} */
  const found = new Map();
  for (const language of Object.values(words)) {
    for (const [word, value] of Object.entries(language)) {
      const texts = split([...word]).map(({ text }) => text);
      const some = found.get(texts[0] ?? "") ?? [];
      some.push([texts, value]);
      found.set(texts[0] ?? "", some);
    }
  }
  for (const some of found.values()) some.sort((a, b) => b[0].length - a[0].length);
  return found;
}

/** @param {Token[]} tokens @param {number} place */
function isGlued(tokens, place) {
  return place > 0 && tokens[place - 1]?.end === tokens[place]?.start;
}

// --- Slots without a class -----------------------------------------------------------------------

const NUMERALS = new Map([..."〇一二三四五六七八九"].map((sign, value) => [sign, value]));
NUMERALS.set("零", 0);
const TEN = "十";

/** @param {Token[]} tokens @param {number} place @param {number[]} lengths @returns {Taken | undefined} */
function digits(tokens, place, lengths) {
  const text = tokens[place]?.text ?? "";
  return isDigit(text[0]) && lengths.includes(text.length) ? [Number(text), place + 1] : undefined;
}

/** A Chinese number up to 99: `八`, `十`, `二十三`.
 * @param {Token[]} tokens
 * @param {number} place
 * @returns {Taken | undefined}
 */
function numeral(tokens, place) {
  const texts = tokens.slice(place, place + 3).map(({ text }) => text);
  let [tens, behind] = [0, 0];
  if (texts[0] === TEN) [tens, behind] = [1, 1];
  else if (texts[1] === TEN && NUMERALS.get(texts[0] ?? ""))
    [tens, behind] = [NUMERALS.get(texts[0] ?? "") ?? 0, 2];
  const ones = NUMERALS.get(texts[behind] ?? "");
  if (ones === undefined || (tens && !ones)) return tens ? [10 * tens, place + behind] : undefined;
  return [10 * tens + ones, place + behind + 1];
}

/** Digits of these lengths, a Chinese numeral, or a word of the class.
 * @param {number[]} lengths
 * @param {string} [name]
 * @returns {Reader}
 */
const number = (lengths, name) => (grammar, tokens, place) =>
  digits(tokens, place, lengths) ??
  numeral(tokens, place) ??
  (name ? grammar.word(name, tokens, place) : undefined);

/** @param {number[]} lengths @returns {Reader} */
const plain = (lengths) => (_grammar, tokens, place) => digits(tokens, place, lengths);

/** `05`, `30` or `三十`, but not `5`. @type {Reader} */
const twoDigits = (_grammar, tokens, place) => {
  const found = digits(tokens, place, [2]) ?? numeral(tokens, place);
  const isShort = found && found[0] < 10 && NUMERALS.has(tokens[place]?.text ?? "");
  return isShort ? undefined : found;
};

/** `2nd` or `second`. @type {Reader} */
const nth = (grammar, tokens, place) => {
  const found = digits(tokens, place, [1, 2]);
  if (!found) return grammar.word("nth_word", tokens, place);
  const suffix = isGlued(tokens, found[1]) ? grammar.word("suffix", tokens, found[1]) : undefined;
  return suffix && [found[0], suffix[1]];
};

/** `1号`. @type {Reader} */
const numberedDay = (grammar, tokens, place) => {
  const day = number([1, 2])(grammar, tokens, place);
  if (!day) return undefined;
  const sign = grammar.word("day_sign", tokens, day[1]);
  const isFollowed = grammar.word("and", tokens, day[1]);
  return sign || isFollowed ? [day[0], sign ? sign[1] : day[1]] : undefined;
};

/** `1号、15号` or `1、15号`. @type {Reader} */
const numberedDays = (grammar, tokens, place) => {
  const found = several(numberedDay, MOST_DAYS, joined(numberedDay))(grammar, tokens, place);
  return found && grammar.word("day_sign", tokens, found[1] - 1) ? found : undefined;
};

/** `1st and 15th`.
 * @param {Reader} one
 * @param {number} most
 * @param {Reader} further read directly or behind a word that joins
 * @returns {Reader}
 */
const several = (one, most, further) => (grammar, tokens, place) => {
  /** @type {any[]} */
  const values = [];
  let behind = place;
  let taken = one(grammar, tokens, place);
  while (taken && values.length < most) {
    values.push(taken[0]);
    behind = taken[1];
    taken = further(grammar, tokens, behind);
  }
  return values.length ? [values, behind] : undefined;
};

/** @param {Reader} one @returns {Reader} */
const joined = (one) => (grammar, tokens, place) => {
  const separator = grammar.word("and", tokens, place);
  return separator && one(grammar, tokens, separator[1]);
};

/** @type {Reader} */
const weekday = (grammar, tokens, place) =>
  grammar.word("weekday", tokens, place) ??
  grammar.word("weekday_word", tokens, place) ??
  grammar.word("weekdays_plural", tokens, place);

/** The `三` of `周一三五`, if it does not begin a time or a day of a month. @type {Reader} */
const bareWeekday = (grammar, tokens, place) => {
  if (!grammar.word("before_bare_weekday", tokens, place - 1)) return undefined;
  const taken = grammar.word("weekday_digit", tokens, place);
  return taken && grammar.word("behind_number", tokens, taken[1]) ? undefined : taken;
};

/** `mon, wed and fri`, `周一、周三`, and `周一三五`. @type {Reader} */
const weekdays = several(weekday, MOST_WEEKDAYS, (grammar, tokens, place) => {
  const following = grammar.word("and", tokens, place)?.[1] ?? place;
  return weekday(grammar, tokens, following) ?? bareWeekday(grammar, tokens, following);
});

/** `tuesdays and thursdays`. @type {Reader} */
const plurals = (grammar, tokens, place) =>
  grammar.word("weekdays_plural", tokens, place) && weekdays(grammar, tokens, place);

/** @type {Record<string, Reader>} */
export const SLOTS = {
  n: number([1, 2, 3, 4], "number"),
  n2: number([1, 2], "number"),
  d: number([1, 2]),
  m: number([1, 2]),
  day_digits: plain([1, 2]),
  y: plain([4]),
  h: plain([1, 2]),
  mm: plain([2]),
  zh_h: number([1, 2], "hour_word"),
  zh_mm: number([1, 2]),
  two_mm: twoDigits,
  nth,
  nths: several(nth, MOST_DAYS, joined(nth)),
  days: numberedDays,
  weekdays,
  plurals,
};
