// Text from users, and the texts of the page in their language.
import { signal } from "@preact/signals";

export const TITLE_LENGTH = 128;
export const MAX_TAGS = 20;
export const TAG_LENGTH = 50;

/** Folds text for search as the server does: "strasse" finds "Straße". @param {string} text */
export function fold(text) {
  const folded = text.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
  return folded.replace(/\s+/gu, " ").trim();
}

/** One line, trimmed. @param {string} text */
export function clean(text) {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}

/** The number of characters, as the server counts them. @param {string} text */
export function size(text) {
  return [...text].length;
}

/**
 * A title of at most the maximum length, and the rest.
 * @param {string} text
 * @returns {[string, string]}
 */
export function split(text) {
  const letters = [...text];
  if (letters.length <= TITLE_LENGTH) return [text, ""];
  const head = letters.slice(0, TITLE_LENGTH - 1).join("");
  return [`${head.trimEnd()}…`, text];
}

/** The titles in pasted text. @param {string} text */
export function lines(text) {
  return text
    .split(/\r?\n/)
    .map((line) => clean(line.replace(/^\s*(?:[-*•]\s+(?:\[[ xX]?\]\s*)?|\d+[.)]\s+)/u, "")))
    .filter(Boolean);
}

/**
 * English text -> text in another language. The key of a plural is the English plural; its value
 * has
 * the forms of Intl.PluralRules (`one`, `other`), or is one text if the language has one form.
 * @typedef {Record<string, string | Record<string, string>>} Catalogue
 */
/** The language of the page, and its texts. */
export const tongue = signal({ language: "en", catalogue: /** @type {Catalogue} */ ({}) });

/**
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_whole, name) => String(values[name]));
}

/**
 * The text in the language of the page; `{name}` is replaced by the value with that name.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function gettext(text, values = {}) {
  const found = tongue.value.catalogue[text];
  return filled(typeof found === "string" ? found : text, values);
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} count
 * @param {Record<string, string | number>} [values]
 */
export function ngettext(one, many, count, values = {}) {
  const { language: name, catalogue } = tongue.value;
  const found = catalogue[many] ?? { one, other: many };
  const forms = typeof found === "string" ? { other: found } : found;
  const form = new Intl.PluralRules(name).select(count);
  const words = new Intl.NumberFormat(name).format(count);
  return filled(forms[form] ?? forms.other ?? many, { count: words, ...values });
}

/** The language of the page, with the browser's region if it has the same language. */
export function language() {
  const own = tongue.value.language;
  const near = navigator.languages.find((name) => name.split("-")[0] === own.split("-")[0]);
  return near && own.split("-").length === 1 ? near : own;
}
