// The texts in the modules of the page, as its catalogues must have them.
import { readdirSync, readFileSync } from "node:fs";

const APP = new URL("../../static/app/", import.meta.url);

/** @returns {[string, string][]} names and sources */
export function modules() {
  const names = readdirSync(APP, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".js") && !name.startsWith("languages/"))
    .map((name) => [name, readFileSync(new URL(name, APP), "utf8")]);
}

const STRING = String.raw`\s*"((?:[^"\\]|\\.)*)"`;
const GETTEXT = new RegExp(String.raw`\bgettext\(${STRING}`, "gu");
const NGETTEXT = new RegExp(String.raw`\bngettext\(${STRING},${STRING}`, "gu");

/** The texts of all modules: single ones, and plurals. */
export function texts() {
  const all = modules()
    .map(([, source]) => source)
    .join("\n");
  const single = [...all.matchAll(GETTEXT)].map((match) => JSON.parse(`"${match[1]}"`));
  const plural = [...all.matchAll(NGETTEXT)].map((match) => JSON.parse(`"${match[2]}"`));
  return { single: [...new Set(single)].sort(), plural: [...new Set(plural)].sort() };
}

const OURS = /^(?:Nudge|Ctrl( ⇧)? Z|#|\?|\/|…|·|\s)*$/u; // names and keys, the same in every language
const SPOKEN = /\s(?:aria-label|placeholder|title|alt)="([^"]*\p{L}[^"]*)"/gu;

/** The texts of templates that are not given by an expression. @param {string} source */
export function unmarked(source) {
  return [...source.matchAll(/html`/gu)].flatMap((match) => {
    const text = templateAt(source, match.index + match[0].length);
    const spoken = [...text.matchAll(SPOKEN)].map((found) => found[1] ?? "");
    const plain = text.replace(/<[^>]*>/gu, "\n").split("\n");
    return [...spoken, ...plain.map((line) => line.replaceAll("\0", "").trim())].filter(
      (line) => /\p{L}/u.test(line) && !OURS.test(line),
    );
  });
}

/** What stands in a template from here to its end, an expression as one NUL.
 * @param {string} source
 * @param {number} from
 */
function templateAt(source, from) {
  let text = "";
  for (let at = from; source[at] !== "`"; at++) {
    if (source.startsWith("${", at)) {
      at = endOfExpression(source, at + 2);
      text += "\0";
    } else text += source[at];
  }
  return text;
}

/** @param {string} source @param {number} from */
function endOfExpression(source, from) {
  let depth = 1;
  let at = from;
  for (; depth; at++) {
    if (source[at] === "`") at = endOfTemplate(source, at + 1);
    else if (source[at] === "{") depth++;
    else if (source[at] === "}") depth--;
  }
  return at - 1;
}

/** @param {string} source @param {number} from */
function endOfTemplate(source, from) {
  let at = from;
  for (; source[at] !== "`"; at++)
    if (source.startsWith("${", at)) at = endOfExpression(source, at + 2);
  return at;
}
