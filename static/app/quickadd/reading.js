// Reads a sentence such as `pay rent every month !1 #home tomorrow 9am` into the members of a
// to-do: steps 4 to 7 of the server's todos/quickadd/reading.py, which gives the same results.
import { asText, firstDay, followingDay, textOf } from "#app/quickadd/calendar.js";
import { Grammar } from "#app/quickadd/grammar.js";
import { MINUTES_OF_DAY, nowOf, timeOf } from "#app/quickadd/meanings.js";
import { BETWEEN, Scanner } from "#app/quickadd/scanning.js";
import { isWide, SPACES } from "#app/quickadd/tokens.js";

/** @typedef {import("#app/quickadd/scanning.js").Found} Found */
/** @typedef {import("#app/quickadd/scanning.js").Kind} Kind */
/** @typedef {import("#app/quickadd/meanings.js").Now} Now */
/** @typedef {Partial<Record<"day" | "clock" | "part" | "rule", Found>>} Chosen */
/**
 * @typedef {object} Reading
 * @property {string} title
 * @property {import("#app/days.js").Due | null} due
 * @property {string | null} recurrence
 * @property {"due" | "completion"} recurrence_from
 * @property {string[]} tags
 * @property {string | null} list its name
 * @property {number | null} priority
 * @property {{start: number, end: number, kind: Kind, isUntil: boolean}[]} spans in code points
 */
/**
 * @typedef {object} Around
 * @property {number} moment milliseconds since 1970
 * @property {string} zone
 * @property {(name: string) => boolean} knowsList a name that is no list stays in the title
 * @property {ReadonlySet<string>} [refused] words that are not to be understood
 */

const MOST_TAGS = 20;
const AT_THE_END = `${BETWEEN}.!?。！？;；`;
const FIELDS = /** @type {const} */ (["day", "clock", "part", "rule"]);
const JOINING = ["range", "either"];
const CLOSERS = ".,:;!?)，。；：！？）、"; // no blank stands before them
const BEGIN = /^[ ,，、;；:：\-–]+/u;
const END = /[ ,，、;；:：\-–]+$/u;

/** Returns a function that reads a sentence. @param {import("#app/quickadd/grammar.js").Words} words */
export function reader(words) {
  const grammar = new Grammar(words);
  /** @param {string} text @param {Around} around @returns {Reading} */
  return (text, { moment, zone, knowsList, refused = new Set() }) =>
    new Reader(grammar, text, nowOf(moment, zone), knowsList).reading(refused);
}

class Reader extends Scanner {
  /** @param {ReadonlySet<string>} refused @returns {Reading} */
  reading(refused) {
    const scanned = this.scanned().filter((each) => !refused.has(this.wordsOf(each)));
    const found = this.withoutPossessives(this.withoutRanges(this.meant(scanned)));
    const chosen = this.chosen(found);
    const used = found.filter((each) => this.isUsed(each, chosen));
    const marks = marksOf(used);
    const kept = used.filter(({ mark }) => !mark || marks.includes(mark));
    const rule = chosen.rule?.meaning?.rule;
    /** @param {string} kind */
    const marked = (kind) => marks.filter((mark) => mark.kind === kind).map(({ value }) => value);
    return {
      title: this.title(kept),
      due: due(chosen, this.now),
      recurrence: rule ? textOf(rule, kept.find(({ isUntil }) => isUntil)?.meaning?.day) : null,
      recurrence_from: rule?.isFromCompletion ? "completion" : "due",
      tags: [...new Set(marked("tag").map(String))],
      list: marked("list").map(String)[0] ?? null,
      priority: marked("priority").map(Number)[0] ?? null,
      spans: kept.map((each) => {
        const [start, end] = this.span(each);
        return { start, end, kind: each.kind, isUntil: each.isUntil };
      }),
    };
  }

  /** @param {Found} found */
  wordsOf(found) {
    return this.text.slice(...this.span(found)).join("");
  }

  // --- Step 4 -----------------------------------------------------------------------------------

  /** The phrases whose condition is met. @param {Found[]} found */
  meant(found) {
    /** @type {Found[]} */
    const kept = [];
    found.forEach((each, index) => {
      const last = kept.at(-1);
      const before = last && last === found[index - 1] ? last : undefined;
      if (this.isMet(each, before, found[index + 1])) kept.push(each);
    });
    return kept;
  }

  /** @param {Found} each @param {Found | undefined} before @param {Found | undefined} behind */
  isMet(each, before, behind) {
    const { condition } = each;
    if (!condition) return true;
    const follows = before && this.areBeside(before, each) ? before : undefined;
    if (condition === "before") {
      const { day, rule, part } = follows?.meaning ?? {};
      return day !== undefined || Boolean(rule) || Boolean(part);
    }
    const helps =
      behind && behind.kind !== "text" && ["", "before"].includes(behind.condition)
        ? this.areBeside(each, behind)
        : false;
    return (
      (follows !== undefined && follows.kind !== "text") ||
      helps ||
      (condition === "beside" && this.isLast(each))
    );
  }

  /** @param {Found} each */
  isLast(each) {
    return this.isOnly(AT_THE_END, this.span(each)[1], this.folded.length);
  }

  /** @param {Found[]} found */
  withoutRanges(found) {
    /** @type {Set<number>} */
    const dropped = new Set();
    found.forEach((each, index) => {
      const before = found[index - 1];
      if (!before || before.kind !== each.kind || !["date", "time"].includes(each.kind)) return;
      if (dropped.has(index) || !this.areJoined(before, each)) return;
      for (const one of this.run(found, index - 1, -1)) dropped.add(one);
      for (const one of this.run(found, index, 1)) dropped.add(one);
    });
    return found.filter((_each, index) => !dropped.has(index));
  }

  /** @param {Found} before @param {Found} each */
  areJoined(before, each) {
    const words = JOINING.map((name) => this.grammar.word(name, this.tokens, before.behind));
    return words.some((word) => word?.[1] === each.first);
  }

  /** The phrase and those of its kind directly before it (step -1) or after it (1).
   * @param {Found[]} found
   * @param {number} from
   * @param {-1 | 1} step
   */
  run(found, from, step) {
    const run = [from];
    for (let index = from + step; index >= 0; index += step) {
      const [one, other] = [found[index - Math.max(step, 0)], found[index - Math.min(step, 0)]];
      if (!one || !other || one.kind !== other.kind || !this.areBeside(one, other)) break;
      run.push(index);
    }
    return run;
  }

  /** @param {Found[]} found */
  withoutPossessives(found) {
    /** @type {Found[]} */
    const kept = [];
    /** @type {Found[]} */
    let run = [];
    for (const each of found) {
      const last = run.at(-1);
      if (!each.meaning || (last && !this.areBeside(last, each))) {
        kept.push(...this.possessive(run));
        run = [];
      }
      if (each.meaning) run.push(each);
      else kept.push(each);
    }
    return [...kept, ...this.possessive(run)];
  }

  /** @param {Found[]} run */
  possessive(run) {
    const [first, last] = [run[0], run.at(-1)];
    const taken = last && this.grammar.word("possessive", this.tokens, last.behind);
    if (!first || !last || !taken) return run;
    return first.first ? [] : [...run.slice(0, -1), { ...last, behind: taken[1] }];
  }

  // --- Steps 5 and 7 ----------------------------------------------------------------------------

  /** @param {Found} each @param {Chosen} chosen */
  isUsed(each, chosen) {
    if (each.mark) return true;
    if (!each.meaning) return false;
    if (each.isUntil) return chosen.rule !== undefined;
    if (Object.values(chosen).includes(each)) return true;
    return Boolean(each.meaning.isWeekday && chosen.day && this.isWith(each, chosen.day));
  }

  /** @param {Found[]} found */
  chosen(found) {
    /** @type {Chosen} */
    const chosen = {};
    found.forEach((each, index) => {
      const near = [found[index - 1], found[index + 1]];
      for (const name of FIELDS) {
        if (says(each, name) && !(name === "day" && this.isOfADate(each, near)))
          chosen[name] = each;
      }
    });
    return chosen;
  }

  /** Whether it is a weekday of a date, such as `monday` in `monday, dec 7`.
   * @param {Found} each
   * @param {(Found | undefined)[]} near
   */
  isOfADate(each, near) {
    return (
      Boolean(each.meaning?.isWeekday) &&
      near.some((it) => it && says(it, "day") && !it.meaning?.isWeekday && this.isWith(each, it))
    );
  }

  /** @param {Found} each @param {Found} day */
  isWith(each, day) {
    const [one, other] = each.first < day.first ? [each, day] : [day, each];
    return this.isOnly(`${BETWEEN}()`, this.span(one)[1], this.span(other)[0]);
  }

  /** @param {Found[]} kept */
  title(kept) {
    const pieces = [];
    let place = 0;
    for (const each of kept) {
      const [start, end] = this.span(each);
      pieces.push(this.text.slice(place, start));
      place = end;
    }
    return joined([...pieces, this.text.slice(place)]);
  }
}

/** @param {Found} each @param {(typeof FIELDS)[number]} name */
const says = ({ meaning, isUntil }, name) => !isUntil && meaning?.[name] !== undefined;

/** All tags, and the last mark of each other kind. @param {Found[]} kept */
function marksOf(kept) {
  const marks = kept.flatMap(({ mark }) => (mark ? [mark] : []));
  const tags = marks.filter(({ kind }) => kind === "tag").slice(0, MOST_TAGS);
  const others = marks.filter(({ kind }) => kind !== "tag");
  return [...tags, ...new Map(others.map((mark) => [mark.kind, mark])).values()];
}

/** @param {Chosen} chosen @param {Now} now */
function due(chosen, now) {
  const clock = clockOf(chosen);
  const day = dayOf(chosen, now, clock);
  if (day === undefined) return null;
  if (clock === undefined) return { on: asText(day), at: null, time_zone: null };
  const on = asText(day + Math.floor(clock / MINUTES_OF_DAY));
  const minutes = clock % MINUTES_OF_DAY;
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const at = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return { on, at, time_zone: chosen.clock?.meaning?.isMoment ? now.zone : null };
}

/** @param {Chosen} chosen */
function clockOf({ clock, part: said }) {
  const part = said?.meaning?.part;
  const { clock: at, isOpen, isSpoken = false } = clock?.meaning ?? {};
  if (at === undefined) return part?.[0];
  return isOpen ? timeOf(at, part, isSpoken) : at;
}

/** @param {Chosen} chosen @param {Now} now @param {number | undefined} clock */
function dayOf(chosen, { today, minutes }, clock) {
  const hasPassed = clock !== undefined && clock <= minutes;
  if (chosen.day) return chosen.day.meaning?.day;
  const rule = chosen.rule?.meaning?.rule;
  if (rule) {
    const first = firstDay(rule, today);
    return first === today && hasPassed ? followingDay(rule, today) : first;
  }
  if (clock === undefined) return undefined;
  return hasPassed ? today + 1 : today;
}

/** Joins the pieces of a title, without blanks between Chinese and before closing punctuation.
 * @param {string[][]} pieces
 */
function joined(pieces) {
  let title = "";
  for (const piece of pieces) {
    const rest = piece.join("").trim();
    if (CLOSERS.includes(rest[0] ?? "\0")) title = title.replace(END, "");
    const isApart = title && rest && needsBlank(title, rest, piece[0] ?? "");
    title += isApart ? ` ${rest}` : rest;
  }
  for (const pair of ["()", "（）", "[]", "【】"]) title = title.replaceAll(pair, "");
  return title.trim().replace(/\s+/gu, " ").replace(BEGIN, "").replace(END, "");
}

/** @param {string} title @param {string} rest @param {string} begin */
function needsBlank(title, rest, begin) {
  const [first = ""] = [...rest];
  if (CLOSERS.includes(first)) return false;
  return !(isWide([...title].at(-1)) && isWide(first)) || SPACES.has(begin);
}
