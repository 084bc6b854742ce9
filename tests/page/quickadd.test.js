// Quick add reads as the server does: the same words, the same sentences.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { moment } from "#app/days.js";
import { Grammar, SLOTS } from "#app/quickadd/grammar.js";
import { MEANINGS } from "#app/quickadd/meanings.js";
import { reader } from "#app/quickadd/reading.js";

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));

const words = json("todos/quickadd/words.json");
const corpus = json("tests/todos/quickadd/corpus.json");
const read = reader(words);
const NOW = { on: "2026-11-26T10:00", zone: "Europe/London" }; // a Thursday

/** What was understood, without what was not said.
 * @param {string} text
 * @param {{on: string, zone: string, refused?: Set<string>}} [when]
 */
function fields(text, { on, zone, refused = new Set() } = NOW) {
  const [day = "", time = ""] = on.split("T");
  const knowsList = (/** @type {string} */ name) => corpus.lists.includes(name);
  const around = { moment: moment(day, time, zone), zone, knowsList, refused };
  const { spans, recurrence_from: from, ...found } = read(text, around);
  const said = Object.entries({ ...found, ...(from === "due" ? {} : { recurrence_from: from }) });
  return {
    ...Object.fromEntries(
      said.filter(
        ([name, value]) => name === "title" || (Array.isArray(value) ? value.length : value),
      ),
    ),
    spans: spans.map(({ start, end, kind }) => [start, end, kind]),
  };
}

test("the corpus is read as the server reads it", () => {
  assert.ok(corpus.sentences.length >= 200);
  for (const sentence of corpus.sentences) {
    const found = fields(sentence.text, { on: sentence.now, zone: sentence.zone });
    assert.deepEqual(found, sentence.fields, sentence.text);
  }
});

test("every slot and every meaning of the words is known, and none is left over", () => {
  /** @type {Set<string>} */
  const slots = new Set();
  const visit = (/** @type {import("#app/quickadd/grammar.js").Node} */ node) => {
    for (const next of node.literals.values()) visit(next);
    for (const { element, node: next } of node.others.values()) {
      if (element.slot) slots.add(element.slot);
      visit(next);
    }
  };
  visit(new Grammar(words).root);
  const unknown = [...slots].filter((name) => !(name in SLOTS) && !(name in words.classes));
  assert.deepEqual(unknown, []);
  assert.deepEqual(
    Object.keys(SLOTS).filter((name) => !slots.has(name)),
    [],
  );
  const does = new Set(words.phrases.map((/** @type {{do: string}} */ group) => group.do));
  does.delete("text");
  assert.deepEqual([...does].sort(), Object.keys(MEANINGS).sort());
});

test("a word that was taken back stays in the title", () => {
  const text = "Call Ann tomorrow 9am #home";
  assert.deepEqual(fields(text, { ...NOW, refused: new Set(["tomorrow"]) }), {
    title: "Call Ann tomorrow",
    due: { on: "2026-11-27", at: "09:00", time_zone: null },
    tags: ["home"],
    spans: [
      [18, 21, "time"],
      [22, 27, "tag"],
    ],
  });
});
