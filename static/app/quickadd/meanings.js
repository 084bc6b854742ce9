// Computes the days, times and rules of quick add's phrases from the values of their slots. Each
// `do` of the words has a function, which returns undefined if the day or time does not exist.
import { local } from "#app/days.js";
import {
  dayOf,
  firstDay,
  later,
  monthBegin,
  nextDate,
  on,
  parts,
  ruleOf,
  weekdayOf,
} from "#app/quickadd/calendar.js";

/** @typedef {import("#app/quickadd/calendar.js").Rule} Rule */
/** @typedef {import("#app/quickadd/calendar.js").Unit} Unit */
/** @typedef {import("#app/quickadd/grammar.js").Values} Values */
/** @typedef {[number, string]} Part minutes, and the half of the day */
/**
 * The meaning of one phrase; minutes count from midnight. An open time may be in either half of the
 * day: `8:30`, not `8:30 am`. A spoken one is colloquial: `at 3`.
 * @typedef {{day?: number, clock?: number, isOpen?: boolean, isSpoken?: boolean, part?: Part, rule?: Rule, isMoment?: boolean, isWeekday?: boolean}} Meaning
 */
/** The current time in the user's time zone. @typedef {{moment: number, zone: string, today: number, minutes: number}} Now */
/** @typedef {(values: Values, now: Now) => Meaning | undefined} Reader */

export const MINUTES_OF_DAY = 24 * 60;
const NOON = 12 * 60;
const SIX = 6 * 60;
const FIVE = 5 * 60;
const MOST_INTERVAL = 1000;

/** @param {number} moment milliseconds since 1970 @param {string} zone @returns {Now} */
export function nowOf(moment, zone) {
  const seen = local(moment, zone);
  return { moment, zone, today: dayOf(seen.on), minutes: minutes(seen.at) };
}

/** @param {Values} values @param {string[]} names */
function first(values, ...names) {
  return values[names.find((name) => name in values) ?? ""];
}

/** @param {string} at */
function minutes(at) {
  const [hour, minute] = at.split(":");
  return Number(hour) * 60 + Number(minute);
}

/** @param {Values} values @returns {Part | undefined} */
function partOf(values) {
  const found = first(values, "part", "zh_part", "zh_short_part");
  return found && [minutes(found[0]), found[1]];
}

// --- Days -------------------------------------------------------------------------------------------

/** @param {number | undefined} day @param {Meaning} [more] */
const said = (day, more = {}) => (day === undefined ? undefined : { day, ...more });

/** @param {number} today @param {number} weeks */
const weekBegin = (today, weeks) => today + 7 * weeks - weekdayOf(today) + 1;

/** The weekday in this week (0) or a later week; a past day of this week moves 7 days.
 * @param {number} today
 * @param {number} weekday
 * @param {number} weeks
 */
function inWeek(today, weekday, weeks) {
  const day = weekBegin(today, weeks) + weekday - 1;
  return day < today ? day + 7 : day;
}

/** @param {number} today @param {number} amount */
function workdaysAfter(today, amount) {
  let day = today + 7 * Math.floor(amount / 5);
  for (let left = amount % 5; left || weekdayOf(day) > 5; ) {
    day++;
    if (left > 0 && weekdayOf(day) <= 5) left--;
  }
  return day;
}

/** @type {Reader} */
function minutesAfter(values, { moment, zone }) {
  const each = values.short_span ?? (values.n ?? 0) * (values.short_unit ?? 0);
  const amount = each + (values.n2 ?? 0) * (values.minute_unit ?? 0);
  const then = local((Math.floor(moment / 60_000) + amount) * 60_000, zone);
  return { day: dayOf(then.on), clock: minutes(then.at), isMoment: true };
}

/** @type {Reader} */
function weekday(values, { today }) {
  const wanted = first(values, "weekday", "weekday_word", "weekday_digit");
  const weeks = first(values, "week", "next", "this");
  const day = weeks === undefined ? inWeek(today + 1, wanted, 0) : inWeek(today, wanted, weeks);
  return { day, isWeekday: true };
}

/** A date; without a year the next one, today included. @type {Reader} */
function date(values, { today }) {
  const month = values.month ?? values.m;
  const day = first(values, "d", "nth", "day_digits");
  if ("y" in values) return said(on(values.y, month, day));
  const years = first(values, "year_from_now", "next_year");
  if (years !== undefined) return said(on(parts(today).year + years, month, day));
  return said(nextDate(today, month, day));
}

/** `25/12/2026` and `12/25/2026`; undefined for the ambiguous `1/12/2026`.
 * @type {Reader}
 */
function slashedDate(values, now) {
  const [month, day] = [Math.min(values.d, values.m), Math.max(values.d, values.m)];
  return month !== day && day <= 12 ? undefined : date({ ...values, m: month, d: day }, now);
}

/** The next such day of a month, today included. @type {Reader} */
function monthDay(values, { today }) {
  const day = values.d ?? values.nth;
  if (day !== -1 && (day < 1 || day > 31)) return undefined;
  return said(firstDay(ruleOf({ unit: "month", days: [day] }), today));
}

/** @type {Reader} */
function month(values, { today }) {
  const months = values.next_month ?? values.month_from_now ?? 0;
  const begin = later(monthBegin(today), months, "month");
  if (begin === undefined) return undefined;
  const at = parts(begin);
  return said(on(at.year, at.month, values.d ?? values.nth ?? 1));
}

/** `the first monday of december`: the next one, today included. @type {Reader} */
function nthWeekday(values, now) {
  const rule = monthlyWeekday(values, now)?.rule;
  if (!rule) return undefined;
  const months = values.month_from_now;
  const begin =
    months === undefined
      ? now.today
      : (later(monthBegin(now.today), months, "month") ?? monthBegin(now.today));
  return said(firstDay({ ...rule, month: values.month ?? values.m ?? 0 }, begin));
}

// --- Times of day -----------------------------------------------------------------------------------

/** @type {Reader} */
function clock(values) {
  const hour = values.h ?? values.hour_word;
  const minute = values.mm ?? 0;
  const isOpen = 1 <= hour && hour <= 12;
  if (!("ampm" in values)) return at(hour, minute, { part: partOf(values), isOpen });
  return isOpen ? at((hour % 12) + values.ampm, minute) : undefined;
}

/** @type {Reader} */
function spoken(values) {
  const hour = first(values, "h", "hour_word", "zh_h");
  const minute = first(values, "mm", "zh_mm", "two_mm", "minutes_to", "n") ?? 0;
  const isOpen = 1 <= hour && hour <= 12;
  return at(hour, minute, { part: partOf(values), isOpen, isSpoken: isOpen });
}

/** @param {number} hour @param {number} minute @param {{part?: Part | undefined, isOpen?: boolean, isSpoken?: boolean}} [more] */
function at(hour, minute, { part, ...more } = {}) {
  const found = hour * 60 + minute;
  if (Math.abs(minute) >= 60 || found < 0 || found > MINUTES_OF_DAY) return undefined;
  return { clock: found, ...more, ...(part ? { part } : {}) };
}

/** The minutes of an ambiguous time; values from 24:00 are on the next day.
 * @param {number} open
 * @param {Part | undefined} part
 * @param {boolean} isSpoken
 */
export function timeOf(open, part, isSpoken) {
  if (!part) return isSpoken && open < SIX ? open + NOON : open;
  const [begin, half] = part;
  if (half === "am") return open % NOON;
  if (half === "noon") return open < SIX ? open + NOON : open;
  if (half === "night" && open < SIX) return open;
  const isLate = half === "night" || begin > SIX + NOON;
  if (isLate && open < FIVE) return open + MINUTES_OF_DAY;
  return isLate || open < NOON ? open + NOON : open;
}

// --- Rules ------------------------------------------------------------------------------------------

/** @param {Values} values @param {Unit} unit @param {number} interval @param {Partial<Rule>} [more] @returns {Meaning | undefined} */
function rule(values, unit, interval, more = {}) {
  if (interval < 1 || interval > MOST_INTERVAL) return undefined;
  const isFromCompletion = values.every === "completion";
  const part = partOf(values);
  return {
    rule: ruleOf({ unit, interval, isFromCompletion, ...more }),
    ...(part ? { part } : {}),
  };
}

/** @param {number[]} days */
const sorted = (days) => [...new Set(days)].sort((a, b) => a - b);

/** @type {Reader} */
function every(values) {
  const [amount, unit] = first(values, "unit", "adverb", "zh_adverb");
  return rule(values, unit, amount * (values.n ?? values.nth ?? 1));
}

/** @type {Reader} */
function everyWeekday(values) {
  const [amount, unit] = values.unit ?? [1, "week"];
  const weekdays = sorted(first(values, "weekdays", "plurals"));
  return unit === "week" ? rule(values, "week", amount * (values.n ?? 1), { weekdays }) : undefined;
}

/** @type {Reader} */
function monthlyDay(values) {
  const days = sorted(values.nths ?? values.days ?? [values.d ?? values.nth]);
  const [amount, unit] = values.unit ?? [1, "month"];
  if (unit !== "month" || !days.every((day) => day === -1 || (1 <= day && day <= 31)))
    return undefined;
  return rule(values, "month", amount * (values.n ?? 1), { days });
}

/** @type {Reader} */
function monthlyWeekday(values) {
  const nth = first(values, "nth", "n", "last");
  if (![-1, 1, 2, 3, 4, 5].includes(nth)) return undefined;
  return rule(values, "month", 1, { weekdays: [values.weekday], nth });
}

/** @type {Reader} */
function yearly(values) {
  const named = values.month ?? values.m;
  const day = values.d ?? values.nth;
  if (on(2000, named, day) === undefined) return undefined; // a leap year
  return rule(values, "year", values.other ?? 1, { month: named, days: [day] });
}

/** @type {Record<string, Reader>} */
export const MEANINGS = {
  /** `in a week`, `a week from friday`. */
  after: (values, now) => {
    const [amount, unit] = values.unit ?? values.span;
    const named = "weekday" in values ? weekday(values, now)?.day : undefined;
    const begin = named ?? now.today + (values.day ?? 0);
    return said(later(begin, amount * (values.n ?? 1), unit));
  },
  clock,
  date,
  day: (values, { today }) => said(today + values.day),
  day_part: (values, { today }) => {
    const [days, begin, half] = values.day_part;
    return { day: today + days, part: [minutes(begin), half] };
  },
  every,
  /** `每隔两天`: with two days in between. */
  every_other: (values) => rule(values, values.unit[1], values.unit[0] * (values.n + 1)),
  every_part: (values) => rule(values, "day", 1),
  every_weekday: everyWeekday,
  fixed: (values) => ({ clock: minutes(values.fixed) }),
  minutes_after: minutesAfter,
  month,
  month_day: monthDay,
  monthly_day: monthlyDay,
  monthly_weekday: monthlyWeekday,
  nth_weekday: nthWeekday,
  part: (values) => {
    const part = partOf(values);
    return part ? { part } : {};
  },
  slashed_date: slashedDate,
  spoken,
  week: (values, { today }) => said(weekBegin(today, values.next_week)),
  /** Friday. */
  week_end: (values, { today }) => said(inWeek(today, 5, values.week ?? 0)),
  weekday,
  /** Saturday; on a Sunday this weekend is today. */
  weekend: (values, { today }) =>
    said(Math.max(weekBegin(today, values.week ?? values.next ?? 0) + 5, today)),
  weekends: (values) => rule(values, "week", 1, { weekdays: [6, 7] }),
  workdays: (values) => rule(values, "week", 1, { weekdays: [1, 2, 3, 4, 5] }),
  workdays_after: (values, { today }) => said(workdaysAfter(today, values.n ?? 1)),
  yearly,
};
