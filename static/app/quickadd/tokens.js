// Characters and tokens: the part of quick add that does not depend on words. A text is an array of
// code points, so that positions equal those of the server.

/** @typedef {string[]} Text */
/**
 * A run of digits, a run of letters, or one other character except a blank.
 * @typedef {{text: string, start: number, end: number}} Token
 */

export const SPACES = new Set([
  ..." \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000",
  ..."\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a",
]);
const JOINERS = new Set("-\u2010\u2011\u2013\u2014_/\\@#'&+=~%$*^|<>");
const STOPS = new Set(".,:;!?"); // these end a phrase before a blank

/** Folds each character to one: full-width to narrow, capitals to small, and as in `same`.
 * @param {Text} text
 * @param {Record<string, string>} same
 * @returns {Text}
 */
export function fold(text, same) {
  return text.map((character) => folded(same[character] ?? character));
}

/** @param {string} character */
function folded(character) {
  const code = codeOf(character);
  const narrow = 0xff01 <= code && code <= 0xff5e ? String.fromCodePoint(code - 0xfee0) : character;
  if ("A" <= narrow && narrow <= "Z") return narrow.toLowerCase();
  return SPACES.has(narrow) ? " " : narrow;
}

/** @param {string | undefined} character */
const codeOf = (character) => character?.codePointAt(0) ?? -1;

/** @param {[number, number][]} ranges */
const within = (ranges) => (/** @type {string | undefined} */ character) => {
  const code = codeOf(character);
  return ranges.some(([from, to]) => from <= code && code <= to);
};

/** Whether its script has no blanks between words: Chinese and full-width characters. */
export const isWide = within([
  [0x2e80, 0xd7ff],
  [0xf900, 0xfaff],
  [0xff00, 0xffef],
  [0x20000, 0x3ffff],
]);
export const isLetter = within([
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0xaa, 0x1fff],
  [0x2c00, 0x2dff],
]);
export const isDigit = within([[0x30, 0x39]]);

/** @param {Text} text @returns {Token[]} */
export function split(text) {
  /** @type {Token[]} */
  const found = [];
  for (let start = 0; start < text.length; ) {
    const end = endOf(text, start);
    if (text[start] !== " ") found.push({ text: text.slice(start, end).join(""), start, end });
    start = end;
  }
  return found;
}

/** @param {Text} text @param {number} start */
function endOf(text, start) {
  const belongs = [isDigit, isLetter].find((kind) => kind(text[start]));
  let end = start + 1;
  while (belongs && end < text.length && belongs(text[end])) end++;
  return end;
}

/** @param {string | undefined} character */
const isOfAWord = (character) => isLetter(character) || isDigit(character);

/** Whether a word may begin here: not inside a word, nor after a joining character.
 * @param {Text} text
 * @param {number} place
 */
export function isFreeBefore(text, place) {
  if (place === 0) return true;
  const before = text[place - 1] ?? "";
  return !(isOfAWord(before) || JOINERS.has(before) || ".,:".includes(before));
}

/** @param {Text} text @param {number} place */
export function isFreeAfter(text, place) {
  const after = text[place];
  if (after === undefined) return true;
  if (!STOPS.has(after)) return !(isOfAWord(after) || JOINERS.has(after));
  const following = text[place + 1];
  return following === undefined || SPACES.has(following) || isWide(following);
}
