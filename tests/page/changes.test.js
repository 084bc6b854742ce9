// What the store gets for each change in a detail or of a selection, and what undo makes of it.
import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { draft } from "#app/actions.js";
import * as change from "#app/changes.js";
import { outcome, provesAll, the } from "./world.js";

const FRIDAY = { on: "2026-11-27", at: null, time_zone: null };
const BREAD = { on: "2026-11-20", at: "08:00", time_zone: "Europe/Berlin" };
const REMINDER = { id: "r1", remind_at: null, minutes_before: 10, channel: "" };

afterEach(() => mock.restoreAll());

/** What is done; what is said, before which title; what the store gets; what undo makes of it.
 * @type {[() => unknown, string, string, any[], any[]][]}
 */
const CHANGES = [
  [
    () => change.takeNotes(draft(the("milk"), "notes"), " a\u0308 \n\n"),
    "Notes changed",
    "milk",
    [["update todo milk", { notes: " ä" }]],
    [["update todo milk", { notes: "two" }]],
  ],
  [
    () => change.schedule(["milk"], "2026-11-27"),
    "Rescheduled",
    "milk",
    [["update todo milk", { due: FRIDAY }]],
    [["update todo milk", { due: null }]],
  ],
  [
    () => change.schedule(["milk", "bread"], "2026-11-27", "09:00"),
    "2 to-dos rescheduled",
    "",
    [
      ["update todo milk", { due: { ...FRIDAY, at: "09:00" } }],
      ["update todo bread", { due: { ...FRIDAY, at: "09:00" } }],
    ],
    [
      ["update todo bread", { due: BREAD }],
      ["update todo milk", { due: null }],
    ],
  ],
  [
    () => change.schedule(["bread"], null, "09:00"),
    "No longer due",
    "bread",
    [["update todo bread", { due: null }]],
    [["update todo bread", { due: BREAD }]],
  ],
  [
    () => change.schedule(["milk", "bread"], null),
    "2 to-dos no longer due",
    "",
    [["update todo bread", { due: null }]],
    [["update todo bread", { due: BREAD }]],
  ],
  [
    () => change.startOn(["milk"], "2026-12-01"),
    "Put off",
    "milk",
    [["update todo milk", { start_on: "2026-12-01" }]],
    [["update todo milk", { start_on: null }]],
  ],
  [
    () => change.startOn(["tea"], null),
    "No longer put off",
    "tea",
    [["update todo tea", { start_on: null }]],
    [["update todo tea", { start_on: "2026-12-01" }]],
  ],
  [
    () => change.repeat(["milk"], "FREQ=WEEKLY", { recurrence_from: "completion" }),
    "Comes again",
    "milk",
    [["update todo milk", { recurrence: "FREQ=WEEKLY", recurrence_from: "completion" }]],
    [["update todo milk", { recurrence: null, recurrence_from: "due" }]],
  ],
  [
    () => change.repeat(["bread"], null),
    "Comes no more",
    "bread",
    [["update todo bread", { recurrence: null }]],
    [["update todo bread", { recurrence: "FREQ=DAILY" }]],
  ],
  [
    () => change.prioritise(["milk", "soap"], 3),
    "Priority changed",
    "",
    [
      ["update todo milk", { priority: 3 }],
      ["update todo soap", { priority: 3 }],
    ],
    [
      ["update todo soap", { priority: 0 }],
      ["update todo milk", { priority: 1 }],
    ],
  ],
  [
    () => change.tag(["milk", "soap"], [" a  b ", " ", "shop"]),
    "Tags changed",
    "",
    [
      ["update todo milk", { tags_added: ["a b", "shop"], tags_removed: [] }],
      ["update todo soap", { tags_added: ["a b", "shop"], tags_removed: [] }],
    ],
    [
      ["update todo soap", { tags_removed: ["a b", "shop"] }],
      ["update todo milk", { tags_removed: ["a b"] }],
    ],
  ],
  [
    () => change.tag(["milk"], [], ["shop"]),
    "Tags changed",
    "milk",
    [["update todo milk", { tags_added: [], tags_removed: ["shop"] }]],
    [["update todo milk", { tags_added: ["shop"] }]],
  ],
  [
    () => change.moveToList(["soap", "guests"], "inbox"),
    "Moved to Inbox",
    "",
    [
      ["move todo soap", { list: "inbox", parent: null, position: "Zz" }],
      ["move todo guests", { list: "inbox", parent: null, position: "a0" }],
    ],
    [
      ["move todo guests", { list: "home", parent: "party", position: "a1" }],
      ["move todo soap", { list: "home", parent: null, position: "a5" }],
    ],
  ],
  [
    () => change.moveToList(["milk"], "old"),
    "Moved to Old",
    "milk",
    [["move todo milk", { list: "old", parent: null, position: "a0" }]],
    [["move todo milk", { list: "inbox", parent: null, position: "a1" }]],
  ],
  [
    () => change.place(["tea", "milk"], the("bread"), undefined),
    "Moved",
    "",
    [["move todo milk", { position: "a4" }]],
    [["move todo milk", { position: "a1" }]],
  ],
  [
    () => change.place(["milk", "soap"], the("guests"), the("music"), the("party")),
    "Moved",
    "",
    [
      ["move todo milk", { parent: "party", list: "home", position: "a1V" }],
      ["move todo soap", { parent: "party", position: "a2" }],
    ],
    [
      ["move todo soap", { parent: null, position: "a5" }],
      ["move todo milk", { parent: null, list: "inbox", position: "a1" }],
    ],
  ],
  [
    () => change.place(["guests"], the("party"), the("soap"), null),
    "Moved",
    "guests",
    [["move todo guests", { parent: null, position: "a3" }]],
    [["move todo guests", { parent: "party", position: "a1" }]],
  ],
  [
    () => change.remind("milk", [REMINDER]),
    "Reminders changed",
    "milk",
    [["update todo milk", { reminders: [REMINDER] }]],
    [["update todo milk", { reminders: [] }]],
  ],
];

test("the store gets whole deeds, a person is told, and undo takes all of it back", () => {
  for (const one of CHANGES) provesAll(one);
});

test("what is deleted for good cannot be taken back, and nobody offers it", () => {
  for (const [ids, text, title] of /** @type {[string[], string, string][]} */ ([
    [["gone"], "Deleted for good", "gone"],
    [["gone", "lost"], "2 to-dos deleted for good", ""],
  ])) {
    const made = ids.map((id) => [`purge todo ${id}`]);
    const said = { text, title, undo: false };
    assert.deepEqual(
      outcome(() => change.purge(ids)),
      { made, said, back: [] },
    );
  }
});

test("what changes nothing is neither stored nor said", () => {
  for (const does of [
    () => change.takeNotes(draft(the("milk"), "notes"), "two \n"),
    // what was left as it was is not written over what somebody else has written since
    () => change.takeNotes({ ...draft(the("milk"), "notes"), value: "of before" }, "of before"),
    () => change.tag(["milk"], [" "]),
  ])
    assert.deepEqual(outcome(does), { made: [], said: undefined, back: [] }, String(does));
});
