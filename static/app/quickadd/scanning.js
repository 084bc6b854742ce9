// The phrases and marks of a text, from left to right: steps 1 to 3 of the server's reading.py.
import { readMark } from "#app/quickadd/marks.js";
import { MEANINGS } from "#app/quickadd/meanings.js";
import { fold, isFreeAfter, isFreeBefore, isWide, split } from "#app/quickadd/tokens.js";

/** @typedef {import("#app/quickadd/grammar.js").Grammar} Grammar */
/** @typedef {import("#app/quickadd/grammar.js").Match} Match */
/** @typedef {import("#app/quickadd/marks.js").Mark} Mark */
/** @typedef {import("#app/quickadd/meanings.js").Meaning} Meaning */
/** @typedef {import("#app/quickadd/meanings.js").Now} Now */
/** @typedef {"text" | "date" | "time" | "recurrence" | "tag" | "list" | "priority"} Kind */
/**
 * A phrase or a mark from token `first` up to token `behind`. Without a meaning it is a mark, or a
 * phrase that means nothing.
 * @typedef {object} Found
 * @property {number} first
 * @property {number} behind
 * @property {Kind} kind
 * @property {Meaning} [meaning]
 * @property {Mark} [mark]
 * @property {string} condition
 * @property {boolean} isUntil
 */

export const LIMIT = 300; // in code points
const MOST_LEADS = 2;
const LONGEST_LEAD = 3;
export const BETWEEN = " ,，、"; // separators between adjacent phrases

/** @param {Meaning | undefined} meaning @returns {Kind} */
function kindOf(meaning) {
  if (!meaning) return "text";
  if (meaning.rule) return "recurrence";
  return meaning.day === undefined ? "time" : "date";
}

export class Scanner {
  /**
   * @param {Grammar} grammar
   * @param {string} text
   * @param {Now} now
   * @param {(name: string) => boolean} knowsList
   */
  constructor(grammar, text, now, knowsList) {
    this.grammar = grammar;
    this.text = [...text];
    this.now = now;
    this.knowsList = knowsList;
    this.folded = fold(this.text.slice(0, LIMIT), grammar.same);
    this.tokens = split(this.folded);
  }

  scanned() {
    /** @type {Found[]} */
    const found = [];
    for (let place = 0; place < this.tokens.length; ) {
      const each = this.markAt(place) ?? this.quotedAt(place) ?? this.phraseAt(place);
      const begin = found.at(-1)?.behind ?? 0;
      if (each) found.push(this.withLeads(this.withTrail(each), begin));
      place = each ? each.behind : place + 1;
    }
    return found;
  }

  /** @param {number} place @returns {Found | undefined} */
  markAt(place) {
    const start = this.tokens[place]?.start ?? 0;
    const mark = readMark(this.text, this.folded, start, this.knowsList);
    if (!mark) return undefined;
    let behind = place;
    while ((this.tokens[behind]?.start ?? mark.end) < mark.end) behind++;
    return { first: place, behind, kind: mark.kind, mark, condition: "", isUntil: false };
  }

  /** Skips a name in quotation marks.
   * @param {number} place
   * @returns {Found | undefined}
   */
  quotedAt(place) {
    const { text = "", start = 0 } = this.tokens[place] ?? {};
    const closing = this.grammar.quotes[text];
    if (closing === undefined || !isFreeBefore(this.text, start)) return undefined;
    const end = this.tokens.findIndex((token, index) => index > place && token.text === closing);
    if (end < 0) return undefined;
    return { first: place, behind: end + 1, kind: "text", condition: "", isUntil: false };
  }

  /** @param {number} place @returns {Found | undefined} */
  phraseAt(place) {
    for (const match of this.grammar.matches(this.tokens, place)) {
      const found = this.understood(match);
      if (found && this.isBounded(match, found.kind)) return found;
    }
    return undefined;
  }

  /** @param {Match} match @returns {Found | undefined} */
  understood({ phrase, values, first, behind }) {
    const means = phrase.do !== "text";
    const meaning = means ? MEANINGS[phrase.do]?.(values, this.now) : undefined;
    if (means && !meaning) return undefined;
    const condition = means ? phrase.condition : "";
    const found = { first, behind, kind: kindOf(meaning), condition, isUntil: false };
    return meaning ? { ...found, meaning } : found;
  }

  /** @param {Match} match @param {Kind} kind */
  isBounded({ first, behind }, kind) {
    const [start, end] = this.span({ first, behind });
    return (
      this.begins(start, kind) && (isWide(this.folded[end - 1]) || isFreeAfter(this.text, end))
    );
  }

  /** @param {number} start @param {Kind} kind */
  begins(start, kind) {
    if (isWide(this.folded[start]) || isFreeBefore(this.text, start)) return true;
    const isAt = kind === "time" && this.folded[start - 1] === "@";
    return isAt && isFreeBefore(this.text, start - 1);
  }

  /** @param {Found} found @param {number} begin @returns {Found} */
  withLeads(found, begin) {
    let whole = found;
    for (let count = 0; count < MOST_LEADS; count++) {
      const lead = this.leadOf(whole, begin);
      if (!lead) break;
      const isUntil = whole.isUntil || lead.use === "until";
      whole = { ...whole, first: lead.first, isUntil };
    }
    return whole;
  }

  /** @param {Found} found @param {number} begin */
  leadOf(found, begin) {
    for (let first = Math.max(begin, found.first - LONGEST_LEAD); first < found.first; first++) {
      const taken = this.grammar.word("lead", this.tokens, first);
      if (taken?.[1] === found.first && this.isLead(first, taken[0], found.kind))
        return { first, use: taken[0] };
    }
    return undefined;
  }

  /** @param {number} first @param {string} use @param {Kind} kind */
  isLead(first, use, kind) {
    const start = this.tokens[first]?.start ?? 0;
    const isFree = isWide(this.folded[start]) || isFreeBefore(this.text, start);
    return isFree && (suits(use, kind) || (use === "until" && kind === "date"));
  }

  /** @param {Found} found @returns {Found} */
  withTrail(found) {
    const taken = this.grammar.word("trail", this.tokens, found.behind);
    return taken && suits(taken[0], found.kind) ? { ...found, behind: taken[1] } : found;
  }

  /** @param {Found} one @param {Found} other */
  areBeside(one, other) {
    return this.isOnly(BETWEEN, this.span(one)[1], this.span(other)[0]);
  }

  /** @param {string} allowed @param {number} start @param {number} end */
  isOnly(allowed, start, end) {
    return this.folded.slice(start, end).every((character) => allowed.includes(character));
  }

  /** Code points. @param {{first: number, behind: number}} found @returns {[number, number]} */
  span({ first, behind }) {
    return [this.tokens[first]?.start ?? 0, this.tokens[behind - 1]?.end ?? 0];
  }
}

/** @param {string} use @param {Kind} kind */
const suits = (use, kind) =>
  use === kind || (use === "any" && (kind === "date" || kind === "time"));
