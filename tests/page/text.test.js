import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, inline, safe } from "#app/markdown.js";
import { backOff } from "#app/sync.js";
import { lines, size, split } from "#app/text.js";

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
  assert.deepEqual(split("short"), ["short", ""]);
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
