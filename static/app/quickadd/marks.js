// The marks of quick add: `#tag`, `@list`, `!1` to `!4`; names with blanks in double quotes.
import { isFreeAfter, isFreeBefore, isLetter, isWide, SPACES } from "#app/quickadd/tokens.js";

/** @typedef {import("#app/quickadd/tokens.js").Text} Text */
/** @typedef {{kind: "tag" | "list" | "priority", value: string | number, end: number}} Mark */

const NAME_LENGTH = 50;
const ENDS = new Set([...SPACES, ...'#@",;()[]<>，。；！？、：（）【】《》']);
const TRAILING = ".!?:'";
const SIGNS = /** @type {const} */ ({ "#": "tag", "@": "list", "!": "priority" });
const PICTURES = 0x1f000;

/**
 * The mark at this position, if any.
 * @param {Text} text
 * @param {Text} folded
 * @param {number} start
 * @param {(name: string) => boolean} knowsList
 * @returns {Mark | undefined}
 */
export function readMark(text, folded, start, knowsList) {
  const kind = SIGNS[/** @type {"#"} */ (folded[start])];
  if (!kind || !isFreeBefore(text, start)) return undefined;
  if (kind === /** @type {string} */ ("priority")) return priority(text, folded, start);
  const [name, end] = nameAt(text, folded, start + 1);
  if (kind === /** @type {string} */ ("list") && !(name && knowsList(name))) return undefined;
  return isName(name) ? { kind, value: name, end } : undefined;
}

/** @param {Text} text @param {Text} folded @param {number} start @returns {Mark | undefined} */
function priority(text, folded, start) {
  const digit = folded[start + 1] ?? " ";
  const end = start + 2;
  if (!"1234".includes(digit) || !isFreeAfter(text, end)) return undefined;
  return { kind: "priority", value: Number(digit), end };
}

/** @param {Text} text @param {Text} folded @param {number} start @returns {[string, number]} */
function nameAt(text, folded, start) {
  if (folded[start] === '"') {
    const end = folded.indexOf('"', start + 1);
    return end > 0
      ? [
          text
            .slice(start + 1, end)
            .join("")
            .trim(),
          end + 1,
        ]
      : ["", start];
  }
  let end = start;
  while (end < text.length && !ENDS.has(text[end] ?? "")) end++;
  while (end > start && TRAILING.includes(text[end - 1] ?? " ")) end--;
  return [text.slice(start, end).join(""), end];
}

/** Whether it has a letter or an emoji: `#1` is a number and no tag. @param {string} name */
function isName(name) {
  const letters = [...name];
  const isSeen = (/** @type {string} */ it) =>
    isLetter(it) || isWide(it) || (it.codePointAt(0) ?? 0) >= PICTURES;
  return letters.length <= NAME_LENGTH && letters.some(isSeen);
}
