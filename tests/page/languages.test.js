// Every text of the page is marked, and every marked text is translated.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import chinese from "#app/languages/zh-hans.js";
import { inWords } from "#app/recurrence.js";
import { gettext, ngettext, tongue } from "#app/text.js";
import { modules, texts, unmarked } from "./texts.js";

const SLOT = /\{\w+\}/gu;

test("no text of a template stands there unmarked", () => {
  assert.deepEqual(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to be read
    unmarked('html`<p title="Hi">${`no`} <b>Ho ${x ? html`<i>he</i>` : ""}</b></p>`'),
    ["Hi", "Ho", "he"],
  );
  const found = modules().flatMap(([name, source]) => unmarked(source).map((text) => [name, text]));
  assert.deepEqual(found, []);
});

const FILES = readdirSync(new URL("../../static/app/languages/", import.meta.url));

for (const file of FILES)
  test(`${file} has every text, and none that nobody says, with the same values in it`, async () => {
    const catalogue = (await import(`#app/languages/${file}`)).default;
    const { single, plural } = texts();
    assert.deepEqual(Object.keys(catalogue).sort(), [...new Set([...single, ...plural])].sort());
    for (const [text, translated] of Object.entries(catalogue)) {
      const all = typeof translated === "string" ? [translated] : Object.values(translated);
      for (const form of all) {
        assert.deepEqual(form.match(SLOT)?.sort(), text.match(SLOT)?.sort(), text);
        assert.ok(form.trim());
      }
    }
  });

test("numbers and rules follow the language", () => {
  assert.equal(ngettext("{count} to-do", "{count} to-dos", 1), "1 to-do");
  assert.equal(ngettext("{count} to-do", "{count} to-dos", 1200), "1,200 to-dos");
  tongue.value = { language: "zh-hans", catalogue: chinese };
  assert.equal(ngettext("{count} to-do", "{count} to-dos", 1), "1 个待办");
  assert.equal(
    inWords("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "2026-11-26", "zh-hans"),
    "每两周的星期五",
  );
  assert.equal(inWords("FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-11-26", "zh-hans"), "每月的1日和15日");
  const few = {
    "{count} to-dos": { one: "{count} úkol", few: "{count} úkoly", other: "{count} úkolů" },
  };
  tongue.value = { language: "cs", catalogue: few };
  const said = [1, 2, 5].map((count) => ngettext("{count} to-do", "{count} to-dos", count));
  assert.deepEqual(said, ["1 úkol", "2 úkoly", "5 úkolů"]);
  assert.equal(gettext("Moved to {name}", { name: "{count}" }), "Moved to {count}");
  tongue.value = { language: "en", catalogue: {} };
});
