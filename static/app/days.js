// Days and times in the user's time zone. A day is "2026-12-01", a time "09:30".

/** @typedef {{on: string, at: string | null, time_zone?: string | null}} Due */

const DAY = 86_400_000;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {string} language
 * @param {Intl.DateTimeFormatOptions} options
 */
function format(language, options) {
  const key = language + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, made);
  return made;
}

/**
 * The day and the time of a moment in a zone.
 * @param {number} moment milliseconds since 1970
 * @param {string} zone
 */
export function local(moment, zone) {
  /** @type {Record<string, string>} */
  const part = {};
  const options = /** @type {const} */ ({
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  for (const { type, value } of format("en", options).formatToParts(moment)) part[type] = value;
  return {
    on: `${part.year?.padStart(4, "0")}-${part.month}-${part.day}`,
    at: `${part.hour}:${part.minute}`,
  };
}

/**
 * The moment of a day and a time in a zone; a time that a clock change skips means the time after
 * it.
 * @param {string} on
 * @param {string} at
 * @param {string} zone
 */
export function moment(on, at, zone) {
  const wanted = Date.parse(`${on}T${at}Z`);
  let guess = wanted;
  for (let round = 0; round < 2; round++) {
    const seen = local(guess, zone);
    guess += wanted - Date.parse(`${seen.on}T${seen.at}Z`);
  }
  return guess;
}

/**
 * A due in the user's time zone, converted if it has its own zone.
 * @param {Due} due
 * @param {string} zone
 * @returns {{on: string, at: string | null}}
 */
export function asSeen(due, zone) {
  if (!due.at || !due.time_zone || due.time_zone === zone) return { on: due.on, at: due.at };
  return local(moment(due.on, due.at, due.time_zone), zone);
}

/**
 * @param {{on: string, at: string | null}} seen
 * @param {{on: string, at: string}} now
 */
export function isOverdue(seen, now) {
  return seen.on < now.on || (seen.on === now.on && seen.at !== null && seen.at < now.at);
}

/**
 * @param {string} on
 * @param {number} days
 */
export function plus(on, days) {
  return new Date(Date.parse(`${on}T00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/**
 * @param {string} from
 * @param {string} to
 */
export function daysBetween(from, to) {
  return Math.round((Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / DAY);
}

/** @param {string} on 1 is Monday, 7 is Sunday */
export function weekday(on) {
  return new Date(`${on}T00:00Z`).getUTCDay() || 7;
}

/**
 * "Wed 18 Nov", with the year if it is not the current one.
 * @param {string} on
 * @param {string} today
 * @param {string} language
 */
export function date(on, today, language) {
  /** @type {Intl.DateTimeFormatOptions} */
  const parts = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" };
  if (on.slice(0, 4) !== today.slice(0, 4)) parts.year = "numeric";
  return format(language, parts).format(Date.parse(`${on}T00:00Z`));
}

/**
 * @param {string} on
 * @param {string} language
 * @param {"long" | "short" | "narrow"} length
 */
export function weekdayName(on, language, length = "long") {
  return format(language, { weekday: length, timeZone: "UTC" }).format(Date.parse(`${on}T00:00Z`));
}

/**
 * @param {string} at
 * @param {string} language
 */
export function time(at, language) {
  const options = /** @type {const} */ ({ hour: "numeric", minute: "2-digit", timeZone: "UTC" });
  return format(language, options).format(Date.parse(`2000-01-01T${at}Z`));
}
