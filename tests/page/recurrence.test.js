import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { moment } from "#app/days.js";
import { reader } from "#app/quickadd/reading.js";
import { inWords, presets } from "#app/recurrence.js";
import { byName, fieldsOf, understood } from "#app/sentence.js";

const TODAY = "2026-11-26"; // a Thursday

test("a rule is said in words", () => {
  const said = {
    "FREQ=DAILY": "every day",
    "FREQ=DAILY;INTERVAL=3": "every 3 days",
    "FREQ=WEEKLY": "every week",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "every weekday",
    "FREQ=WEEKLY;BYDAY=MO,TH": "every Monday and Thursday",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR": "every second Friday",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=FR": "every 3 weeks on Friday",
    "FREQ=MONTHLY;BYMONTHDAY=1,15": "every month on the 1st and the 15th",
    "FREQ=MONTHLY;BYMONTHDAY=-1": "every month on the last day",
    "FREQ=MONTHLY;BYMONTHDAY=-2": "every month on the 2nd day from the end",
    "FREQ=MONTHLY;BYDAY=-1FR": "every month on the last Friday",
    "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24": "every year on December 24",
    "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1": "every year on January 1 and July 1",
    "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=-1": "every year on the last day of May",
    "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH": "every year on the fourth Thursday of November",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": "by the rule FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTHDAY=15,-1": "every month on the 15th and the last day",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1": "every month on the last weekday",
    "FREQ=MONTHLY;BYDAY=MO": "every Monday",
    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR": "every weekday",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU": "every day",
    "FREQ=DAILY;COUNT=1": "every day, once",
    "FREQ=DAILY;COUNT=3": "every day, 3 times",
    "FREQ=DAILY;UNTIL=20261231": "every day, until Thu, Dec 31",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2": "by the rule FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=MONTHLY;BYDAY=MO,1TU": "by the rule FREQ=MONTHLY;BYDAY=MO,1TU",
    "FREQ=MONTHLY;BYMONTH=3;BYMONTHDAY=1": "by the rule FREQ=MONTHLY;BYMONTH=3;BYMONTHDAY=1",
    "FREQ=YEARLY;BYDAY=20MO": "by the rule FREQ=YEARLY;BYDAY=20MO",
  };
  for (const [rule, words] of Object.entries(said))
    assert.equal(inWords(rule, TODAY, "en-US"), words);
});

test("one click gives rules that fit the day", () => {
  assert.deepEqual(presets("2026-12-31"), [
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY;BYDAY=TH",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=YEARLY",
  ]);
  assert.equal(presets("2026-12-30")[4], "FREQ=MONTHLY");
});

test("what a sentence says goes over what the view gives", () => {
  const words = new URL("../../todos/quickadd/words.json", import.meta.url);
  const read = reader(JSON.parse(readFileSync(words, "utf8")));
  const home = { id: "1", name: "Home", color: "", position: "a", is_inbox: false, version: 1 };
  const lists = byName([
    { ...home, archived_at: null },
    { ...home, id: "2", name: "hOME", archived_at: null },
    { ...home, id: "3", name: "Old", archived_at: "2026-01-01T00:00:00Z" },
  ]);
  const knowsList = (/** @type {string} */ name) => lists.has(name.toLowerCase());
  const zone = "UTC";
  const around = { moment: moment(TODAY, "10:00", zone), zone, knowsList };
  const text = 'Pay @home @old #a #"b c" !3 every! month until dec 31 at 9am';
  const found = read(text, around);
  assert.equal(found.title, "Pay @old");
  assert.deepEqual(fieldsOf(found, lists, { list: "9", tags: ["z"], due: null }), {
    list: "1",
    tags: ["z", "a", "b c"],
    due: { on: "2026-12-26", at: "09:00", time_zone: null },
    recurrence: "FREQ=MONTHLY;UNTIL=20261231",
    recurrence_from: "completion",
    priority: 3,
  });
  assert.deepEqual(understood(text, found), [
    { member: "list", value: "", words: ["@home"] },
    { member: "tag", value: "a", words: ["#a"] },
    { member: "tag", value: "b c", words: ['#"b c"'] },
    { member: "priority", value: "", words: ["!3"] },
    { member: "recurrence", value: "", words: ["every! month", "until dec 31"] },
    { member: "due", value: "", words: ["at 9am"] },
  ]);
  const plain = read("Milk", around);
  assert.deepEqual(fieldsOf(plain, lists, { list: "9" }), { list: "9" });
});
