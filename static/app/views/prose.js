// Renders notes.
import { blocks } from "#app/markdown.js";
import { html } from "#app/views/html.js";

/** @param {import("#app/markdown.js").Piece} piece */
function Piece({ type, text, href }) {
  if (type === "link") {
    return html`<a href=${href} target="_blank" rel="noopener noreferrer"><bdi>${text}</bdi></a>`;
  }
  return type === "text" ? text : html`<${type}>${text}<//>`;
}

/** @param {import("#app/markdown.js").Piece[]} pieces */
const line = (pieces) => pieces.map((piece) => html`<${Piece} ...${piece} />`);

/** @param {import("#app/markdown.js").Block} block */
function Block({ type, lines }) {
  if (type === "ul" || type === "ol") {
    return html`<${type}>${lines.map((pieces) => html`<li dir="auto">${line(pieces)}</li>`)}<//>`;
  }
  if (type === "h") return html`<p dir="auto"><strong>${line(lines[0] ?? [])}</strong></p>`;
  const body = lines.flatMap((pieces, index) => [
    index ? (type === "pre" ? "\n" : html`<br />`) : "",
    ...line(pieces),
  ]);
  return html`<${type} dir="auto">${body}<//>`;
}

/** @param {{text: string}} props */
export function Prose({ text }) {
  return html`<div class="prose">${blocks(text).map((block) => html`<${Block} ...${block} />`)}</div>`;
}
