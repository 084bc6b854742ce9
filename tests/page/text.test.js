import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, inline, safe } from "#app/markdown.js";
import { backOff } from "#app/sync.js";
import { language, lines, size, split, tongue } from "#app/text.js";

test("pasted lines lose their bullets and boxes", () => {
  assert.deepEqual(lines("- [ ] milk\n* eggs\r\n\n 3. bread\n-5 degrees"), [
    "milk",
    "eggs",
    "bread",
    "-5 degrees",
  ]);
});

test("a title is as long as the server takes; the whole goes to the notes", () => {
  const [title, notes] = split("😀".repeat(129));
  assert.deepEqual([size(title), size(notes)], [128, 129]);
  const longest = "x".repeat(128);
  assert.deepEqual(split(longest), [longest, ""]);
  const words = `${"x".repeat(126)} yz`;
  assert.deepEqual(split(words), [`${"x".repeat(126)}…`, words]);
});

test("notes are text, with a few marks", () => {
  assert.deepEqual(
    inline("see **b** `c` [x](https://a.test/b) https://a.test/c, snake_case_name"),
    [
      { type: "text", text: "see " },
      { type: "strong", text: "b" },
      { type: "text", text: " " },
      { type: "code", text: "c" },
      { type: "text", text: " " },
      { type: "link", text: "x", href: "https://a.test/b" },
      { type: "text", text: " " },
      { type: "link", text: "https://a.test/c", href: "https://a.test/c" },
      { type: "text", text: ", snake_case_name" },
    ],
  );
  const kinds = blocks("# h\np\np\n\n- a\n- b\n1. c\n```\n<b>\n```").map(
    ({ type, lines: some }) => [type, some.length],
  );
  assert.deepEqual(kinds, [
    ["h", 1],
    ["p", 2],
    ["ul", 2],
    ["ol", 1],
    ["pre", 1],
  ]);
});

/** A block as its type and the types and texts of its pieces. @param {string} text */
const written = (text) =>
  blocks(text).map(({ type, lines: some }) => [
    type,
    ...some.map((pieces) => pieces.map((piece) => `${piece.type} ${piece.text}`).join("|")),
  ]);

test("a block ends at an empty line, at another mark, and each heading is its own", () => {
  assert.deepEqual(
    written("###### six\n# one\n####### seven\np\n\n\nq\n- a\n + b\n\n* c\n2) d\nr"),
    [
      ["h", "text six"],
      ["h", "text one"],
      ["p", "text ####### seven", "text p"],
      ["p", "text q"],
      ["ul", "text a", "text b"],
      ["ul", "text c"],
      ["ol", "text d"],
      ["p", "text r"],
    ],
  );
  assert.deepEqual(written("a\n```js\n# *b*\n\n```\nc\n```"), [
    ["p", "text a"],
    ["pre", "text # *b*", "text "],
    ["p", "text c"],
    ["pre"],
  ]);
  assert.deepEqual(written(" \n"), []);
});

test("a mark inside of a word is none, and a link ends before what ends its sentence", () => {
  for (const [text, wanted] of /** @type {[string, string[]][]} */ ([
    ["*a* _b c_ **d**", ["em a", "text  ", "em b c", "text  ", "strong d"]],
    ["2*3*4 a_b_c * d *", ["text 2*3*4 a_b_c * d *"]],
    ["*a*b", ["text *a*b"]],
    ["(https://a.test/x?y=1).", ["text (", "link https://a.test/x?y=1", "text )."]],
    ["[call](tel:1) [w](mailto:a@b.test)", ["link call", "text  ", "link w"]],
    ["`a` b*c* d_e_", ["code a", "text  b*c* d_e_"]],
  ]))
    assert.deepEqual(
      inline(text).map((piece) => `${piece.type} ${piece.text}`),
      wanted,
      text,
    );
});

test("dates are written as the browser writes them, if it is of the same language", () => {
  const before = tongue.value;
  Object.defineProperty(navigator, "languages", {
    value: ["de-AT", "en-GB", "en-US", "zh-TW"],
    configurable: true,
  });
  const spoken = ["en", "fr", "zh-Hans"].map((name) => {
    tongue.value = { language: name, catalogue: {} };
    return language();
  });
  tongue.value = before;
  assert.deepEqual(spoken, ["en-GB", "fr", "zh-Hans"]);
});

test("no link runs a script", () => {
  for (const text of [
    "javascript:alert(1)",
    "JAVASCRIPT:x",
    "data:text/html,x",
    " javascript:x",
    "//evil",
    "vbscript:x",
  ]) {
    assert.equal(safe(text), undefined, text);
    assert.deepEqual(inline(`[x](${text.trim()})`)[0]?.type, "text");
  }
});

test("waits grow, have an end, and are never the same for all", () => {
  const waits = [1, 2, 3, 4, 20].map((tries) => [backOff(tries, 0), backOff(tries, 1)]);
  assert.deepEqual(waits, [
    [500, 1000],
    [1000, 2000],
    [2000, 4000],
    [4000, 8000],
    [60_000, 120_000],
  ]);
});
