// Describes rules of RFC 5545 in words, and offers common rules for one click.
import { date, plus, weekday, weekdayName } from "#app/days.js";
import { gettext } from "#app/text.js";

/**
 * @typedef {object} Rule
 * @property {string} freq
 * @property {number} interval
 * @property {[number, number][]} weekdays the n-th of the month (0: every one), and 1 for Monday
 * @property {number[]} monthDays
 * @property {number[]} months
 * @property {number[]} positions
 * @property {string} count
 * @property {string} until
 */

const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const MONDAY = "2024-01-01";
const LEAP = 2000;
export const WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";

/** @param {string} text @returns {Rule} */
export function parsed(text) {
  const parts = /** @type {Record<string, string>} */ (
    Object.fromEntries(text.split(";").map((part) => part.split("=")))
  );
  const list = (/** @type {string} */ name) => (parts[name] ?? "").split(",").filter(Boolean);
  return {
    freq: parts.FREQ ?? "",
    interval: Number(parts.INTERVAL ?? 1),
    weekdays: list("BYDAY").map((day) => [
      Number(day.slice(0, -2)),
      WEEKDAYS.indexOf(day.slice(-2)) + 1,
    ]),
    monthDays: list("BYMONTHDAY").map(Number),
    months: list("BYMONTH").map(Number),
    positions: list("BYSETPOS").map(Number),
    count: parts.COUNT ?? "",
    until: parts.UNTIL ?? "",
  };
}

/**
 * `every second Friday`.
 * @param {string} text
 * @param {string} today
 * @param {string} language
 */
export function inWords(text, today, language) {
  const rule = parsed(text);
  const said = days(plain(rule), language) || gettext("by the rule {rule}", { rule: text });
  if (rule.count === "1") return gettext("{rule}, once", { rule: said });
  if (rule.count) return gettext("{rule}, {n} times", { rule: said, n: rule.count });
  if (!rule.until) return said;
  const on = rule.until.replace(/^(\d{4})(\d\d)(\d\d).*$/, "$1-$2-$3");
  return gettext("{rule}, until {day}", { rule: said, day: date(on, today, language) });
}

/** @param {Rule} rule */
function every({ freq, interval }) {
  const n = interval;
  const names = /** @type {Record<string, [string, string]>} */ ({
    DAILY: [gettext("every day"), gettext("every {n} days", { n })],
    WEEKLY: [gettext("every week"), gettext("every {n} weeks", { n })],
    MONTHLY: [gettext("every month"), gettext("every {n} months", { n })],
    YEARLY: [gettext("every year"), gettext("every {n} years", { n })],
  });
  return names[freq]?.[n > 1 ? 1 : 0] ?? "";
}

/** The simplest rule with the same days. @param {Rule} rule @returns {Rule} */
function plain(rule) {
  const { interval, weekdays, monthDays, months, positions } = rule;
  const others = [...monthDays, ...months, ...positions];
  if (interval > 1 || !weekdays.length || others.length || weekdays.some(([nth]) => nth))
    return rule;
  return weekdays.length === 7
    ? { ...rule, freq: "DAILY", weekdays: [] }
    : { ...rule, freq: "WEEKLY" };
}

/** Empty if there are no words. @param {Rule} rule @param {string} language */
function days(rule, language) {
  const { freq, weekdays, monthDays, months, positions } = rule;
  if (![...weekdays, ...monthDays, ...months, ...positions].length) return every(rule);
  if (freq === "WEEKLY" && !months.length && !monthDays.length) return weekly(rule, language);
  const some = freq === "MONTHLY" ? ofAMonth(rule, language) : ofAYear(rule, language);
  if (!some.length) return "";
  return gettext("{every} on {days}", { every: every(rule), days: listed(some, language) });
}

/** @param {number} day 1 is Monday @param {string} language */
const dayName = (day, language) => weekdayName(plus(MONDAY, day - 1), language);

/** @param {string[]} words @param {string} language */
function listed(words, language) {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(words);
}

/** @param {Rule} rule @param {string} language */
function weekly(rule, language) {
  const { interval, weekdays } = rule;
  const numbers = weekdays.map(([, day]) => day);
  if (interval === 1 && areWorkdays(weekdays)) return gettext("every weekday");
  const some = listed(
    numbers.map((day) => dayName(day, language)),
    language,
  );
  if (interval === 1) return gettext("every {days}", { days: some });
  if (interval === 2 && numbers.length === 1) return gettext("every second {day}", { day: some });
  return gettext("{every} on {days}", { every: every(rule), days: some });
}

/** @param {[number, number][]} weekdays */
const areWorkdays = (weekdays) => String(weekdays) === "0,1,0,2,0,3,0,4,0,5";

/** Sorted; days that count from the end of the month come last. @param {number[]} monthDays */
const forward = (monthDays) =>
  [...monthDays].sort((a, b) => Number(a < 0) - Number(b < 0) || a - b);

/** @param {number} nth @param {string} day */
function nthWeekday(nth, day) {
  const names = /** @type {Record<number, string>} */ ({
    1: gettext("the first {day}", { day }),
    2: gettext("the second {day}", { day }),
    3: gettext("the third {day}", { day }),
    4: gettext("the fourth {day}", { day }),
    5: gettext("the fifth {day}", { day }),
    "-1": gettext("the last {day}", { day }),
  });
  return names[nth] ?? "";
}

/** @param {number} number @param {string} language */
function ordinal(number, language) {
  const endings = /** @type {Record<string, string>} */ ({ one: "st", two: "nd", few: "rd" });
  const kind = new Intl.PluralRules("en", { type: "ordinal" }).select(number);
  return language.startsWith("en") ? `${number}${endings[kind] ?? "th"}` : String(number);
}

/** @param {number} day @param {string} language */
function monthDay(day, language) {
  if (day === -1) return gettext("the last day");
  const nth = ordinal(Math.abs(day), language);
  return day < 0 ? gettext("the {nth} day from the end", { nth }) : gettext("the {nth}", { nth });
}

/** @param {Rule} rule @param {string} language */
function ofAMonth({ weekdays, monthDays, months, positions }, language) {
  if (months.length || (weekdays.length && monthDays.length)) return [];
  if (positions.length) return nthWorkday(weekdays, positions);
  if (!weekdays.length) return forward(monthDays).map((day) => monthDay(day, language));
  return nthWeekdays(weekdays, language);
}

/** Empty if there are no words for one of them.
 * @param {[number, number][]} weekdays
 * @param {string} language
 */
function nthWeekdays(weekdays, language) {
  const some = weekdays.map(([nth, day]) => nthWeekday(nth, dayName(day, language)));
  return some.every(Boolean) ? some : [];
}

/** `the last weekday`. @param {[number, number][]} weekdays @param {number[]} positions */
function nthWorkday(weekdays, [nth = 0, ...more]) {
  const said = areWorkdays(weekdays) && !more.length && nthWeekday(nth, gettext("weekday"));
  return said ? [said] : [];
}

/** @param {Rule} rule @param {string} language */
function ofAYear({ freq, weekdays, monthDays, months, positions }, language) {
  if (freq !== "YEARLY" || positions.length || (weekdays.length && monthDays.length)) return [];
  const some = months.flatMap((month) => [
    ...forward(monthDays).map((day) => dayOfMonth(month, day, language)),
    ...nthWeekdays(weekdays, language).map((day) => ofMonth(day, month, language)),
  ]);
  return some.every(Boolean) ? some : [];
}

/** Empty for a day that does not exist in any year.
 * @param {number} month
 * @param {number} day
 * @param {string} language
 */
function dayOfMonth(month, day, language) {
  if (day < 0) return ofMonth(monthDay(day, language), month, language);
  const on = new Date(Date.UTC(LEAP, month - 1, day));
  return on.getUTCMonth() < month ? formatted(on, language, { day: "numeric" }) : "";
}

/** @param {string} day @param {number} month @param {string} language */
function ofMonth(day, month, language) {
  const on = new Date(Date.UTC(LEAP, month - 1));
  return gettext("{day} of {month}", { day, month: formatted(on, language) });
}

/** @param {Date} on @param {string} language @param {Intl.DateTimeFormatOptions} [more] */
const formatted = (on, language, more = {}) =>
  new Intl.DateTimeFormat(language, { month: "long", timeZone: "UTC", ...more }).format(on);

/** The common rules for a to-do due on this day. @param {string} on */
export function presets(on) {
  const monthly = plus(on, 1).slice(8) === "01" ? "FREQ=MONTHLY;BYMONTHDAY=-1" : "FREQ=MONTHLY";
  return [
    "FREQ=DAILY",
    WORKDAYS,
    `FREQ=WEEKLY;BYDAY=${WEEKDAYS[weekday(on) - 1]}`,
    `FREQ=WEEKLY;INTERVAL=2;BYDAY=${WEEKDAYS[weekday(on) - 1]}`,
    monthly,
    "FREQ=YEARLY",
  ];
}
