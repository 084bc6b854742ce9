// Parses notes: paragraphs, lists, emphasis, code, links. Everything else is text.

/** @typedef {{type: "text" | "strong" | "em" | "code" | "link", text: string, href?: string}} Piece */
/** @typedef {{type: "p" | "ul" | "ol" | "h" | "pre", lines: Piece[][]}} Block */

const INLINE =
  /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])[*_]([^*_\s](?:[^*_]*[^*_\s])?)[*_](?!\w)|\[([^\]]+)\]\(([^\s()]+)\)|(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/gu;

/** A safe URL for a link, which never runs a script. @param {string} text */
export function safe(text) {
  return /^(?:https?:\/\/|mailto:|tel:)/iu.test(text) ? text : undefined;
}

/** @param {string} text @returns {Piece[]} */
export function inline(text) {
  /** @type {Piece[]} */
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, em, label, target, address] = match;
    if (match.index > from) pieces.push({ type: "text", text: text.slice(from, match.index) });
    pieces.push(piece(whole, { code, strong, em, label, target, address }));
    from = match.index + whole.length;
  }
  if (from < text.length) pieces.push({ type: "text", text: text.slice(from) });
  return pieces;
}

/**
 * @param {string} whole
 * @param {Record<string, string | undefined>} found
 * @returns {Piece}
 */
function piece(whole, { code, strong, em, label, target, address }) {
  if (code) return { type: "code", text: code };
  if (strong) return { type: "strong", text: strong };
  if (em) return { type: "em", text: em };
  const href = safe(target ?? address ?? "");
  return href ? { type: "link", text: label ?? whole, href } : { type: "text", text: whole };
}

/** @type {[Block["type"], RegExp][]} */
const KINDS = [
  ["h", /^#{1,6}\s+/u],
  ["ul", /^\s*[-*+]\s+/u],
  ["ol", /^\s*\d+[.)]\s+/u],
];

/** @param {string} text @returns {Block[]} */
export function blocks(text) {
  /** @type {Block[]} */
  const found = [];
  let fenced = false;
  let joined = false; // whether the previous line belongs to the same block
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      fenced = !fenced;
      if (fenced) found.push({ type: "pre", lines: [] });
      joined = false;
    } else if (fenced) found.at(-1)?.lines.push([{ type: "text", text: line }]);
    else if (!line.trim()) joined = false;
    else {
      const [type, mark] = KINDS.find(([, pattern]) => pattern.test(line)) ?? ["p", /^/u];
      const last = found.at(-1);
      const goes = joined && last?.type === type && type !== "h";
      const into = goes && last ? last : { type, lines: [] };
      if (into !== last) found.push(into);
      into.lines.push(inline(line.replace(mark, "")));
      joined = true;
    }
  }
  return found;
}
