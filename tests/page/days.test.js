import assert from "node:assert/strict";
import { test } from "node:test";
import * as days from "#app/days.js";

test("a moment has its day and time where the person lives", () => {
  const moment = Date.parse("2026-11-25T22:30:00Z");
  assert.deepEqual(days.local(moment, "Pacific/Auckland"), { on: "2026-11-26", at: "11:30" });
  assert.deepEqual(days.local(moment, "America/New_York"), { on: "2026-11-25", at: "17:30" });
});

test("a time stays at its hour across a change of clocks, and one that is skipped moves on", () => {
  const zone = "Europe/Berlin";
  const iso = (/** @type {string} */ on, /** @type {string} */ at) =>
    new Date(days.moment(on, at, zone)).toISOString();
  assert.equal(iso("2026-03-28", "09:00"), "2026-03-28T08:00:00.000Z");
  assert.equal(iso("2026-03-29", "09:00"), "2026-03-29T07:00:00.000Z");
  assert.equal(iso("2026-03-29", "02:30"), "2026-03-29T01:30:00.000Z");
});

test("a due with a zone of its own is read in the person's, others float", () => {
  const due = { on: "2026-12-01", at: "23:30", time_zone: "Europe/Berlin" };
  assert.deepEqual(days.asSeen(due, "Asia/Tokyo"), { on: "2026-12-02", at: "07:30" });
  assert.deepEqual(days.asSeen({ ...due, time_zone: null }, "Asia/Tokyo"), {
    on: "2026-12-01",
    at: "23:30",
  });
});

test("a day is late when it is over, a time when it has passed", () => {
  const now = { on: "2026-12-01", at: "12:00" };
  const late = (/** @type {string} */ on, /** @type {string | null} */ at) =>
    days.isOverdue({ on, at }, now);
  assert.deepEqual(
    [late("2026-11-30", null), late("2026-12-01", "11:59"), late("2026-12-01", "12:00")],
    [true, true, false],
  );
  assert.deepEqual([late("2026-12-01", null), late("2026-12-02", "00:00")], [false, false]);
});

test("days are counted over months, years and changes of clocks", () => {
  assert.equal(days.plus("2026-12-31", 1), "2027-01-01");
  assert.equal(days.plus("2024-03-01", -1), "2024-02-29");
  assert.equal(days.daysBetween("2026-03-01", "2026-04-01"), 31);
  assert.deepEqual([days.weekday("2026-11-29"), days.weekday("2026-11-30")], [7, 1]);
});

test("a day of another year is written with it", () => {
  assert.match(days.date("2026-11-18", "2026-11-25", "en-GB"), /^Wed,? 18 Nov$/);
  assert.match(days.date("2027-01-05", "2026-11-25", "en-GB"), /^Tue,? 5 Jan 2027$/);
});
