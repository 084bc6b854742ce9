// Calendar days and recurrence rules of quick add. A day is a number: the days since 1970.

const FIRST_YEAR = 1900;
const LAST_YEAR = 9998;
const DAY = 86_400_000; // milliseconds
const LEAP = 8; // the longest gap between two 29ths of February, in years
const UNITS = /** @type {const} */ ({
  day: "DAILY",
  week: "WEEKLY",
  month: "MONTHLY",
  year: "YEARLY",
});
const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** @typedef {keyof typeof UNITS} Unit */
/**
 * @typedef {object} Rule
 * @property {Unit} unit
 * @property {number} interval
 * @property {number[]} weekdays
 * @property {number} nth of the one weekday, within the month
 * @property {number[]} days of the month; -1 is the last
 * @property {number} month
 * @property {boolean} isFromCompletion
 */

/** @param {Partial<Rule> & {unit: Unit}} some @returns {Rule} */
export const ruleOf = (some) => ({
  interval: 1,
  weekdays: [],
  nth: 0,
  days: [],
  month: 0,
  isFromCompletion: false,
  ...some,
});

/** @param {string} on "2026-12-01" */
export const dayOf = (on) => Date.parse(`${on}T00:00Z`) / DAY;

/** @param {number} day */
export const asText = (day) => new Date(day * DAY).toISOString().slice(0, 10);

/** @param {number} day */
export function parts(day) {
  const date = new Date(day * DAY);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** 1 is Monday, 7 is Sunday. @param {number} day */
export const weekdayOf = (day) => ((((day + 3) % 7) + 7) % 7) + 1;

/** @param {number} year @param {number} month */
const lengthOf = (year, month) => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** The day, or undefined if it does not exist; day -1 is the last of the month.
 * @param {number} year
 * @param {number} month
 * @param {number} day
 */
export function on(year, month, day) {
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12) return undefined;
  const length = lengthOf(year, month);
  const wanted = day === -1 ? length : day;
  return wanted < 1 || wanted > length ? undefined : Date.UTC(year, month - 1, wanted) / DAY;
}

/** A day so much later; months keep the day, or use the last day of the month.
 * @param {number} day
 * @param {number} amount
 * @param {Unit} unit
 */
export function later(day, amount, unit) {
  if (unit === "day" || unit === "week") return day + amount * (unit === "week" ? 7 : 1);
  const from = parts(day);
  const months = from.year * 12 + from.month - 1 + amount * (unit === "year" ? 12 : 1);
  const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
  return on(year, month, Math.min(from.day, lengthOf(year, month)));
}

/** The first day of the month. @param {number} day */
export const monthBegin = (day) => day - parts(day).day + 1;

/** As an RRULE. @param {Rule} rule @param {number} [until] */
export function textOf(rule, until) {
  const { unit, interval, weekdays, nth, days, month } = rule;
  const byDay = weekdays.map((each) => `${nth || ""}${WEEKDAYS[each - 1]}`).join(",");
  const all = {
    FREQ: UNITS[unit],
    INTERVAL: interval > 1 ? interval : "",
    BYMONTH: month || "",
    BYMONTHDAY: days.join(","),
    BYDAY: byDay,
    UNTIL: until === undefined ? "" : asText(until).replaceAll("-", ""),
  };
  return Object.entries(all)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}=${value}`)
    .join(";");
}

/** The first matching day, from this one on. @param {Rule} rule @param {number} begin */
export function firstDay(rule, begin) {
  for (let day = begin; day < begin + 366 * (LEAP + 1); day++) if (fits(rule, day)) return day;
  return undefined;
}

/** @param {Rule} rule @param {number} day */
function fits({ weekdays, nth, days, month }, day) {
  const at = parts(day);
  const fromEnd = at.day - lengthOf(at.year, at.month) - 1;
  return (
    (!month || at.month === month) &&
    (!days.length || days.includes(at.day) || days.includes(fromEnd)) &&
    (!weekdays.length || weekdays.includes(weekdayOf(day))) &&
    (!nth || (nth < 0 ? fromEnd >= -7 : Math.ceil(at.day / 7) === nth))
  );
}

/** The first day after this one; a rule without days counts from it.
 * @param {Rule} rule
 * @param {number} begin
 */
export function followingDay(rule, begin) {
  const has = rule.weekdays.length || rule.days.length;
  return has ? firstDay(rule, begin + 1) : later(begin, rule.interval, rule.unit);
}

/** The next such day in this or a later year, including this day.
 * @param {number} today
 * @param {number} month
 * @param {number} day
 */
export function nextDate(today, month, day) {
  const { year } = parts(today);
  for (let years = 0; years <= LEAP; years++) {
    const found = on(year + years, month, day);
    if (found !== undefined && found >= today) return found;
  }
  return undefined;
}
