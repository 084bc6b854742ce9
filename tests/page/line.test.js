// What a person does before its part is there is done in its order, once, or not at all.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Line } from "#app/line.js";

/** @type {string[]} */
let played;
/** @type {Line<string>} */
let line;
/** What each of them waits for, by its name. @type {Record<string, Promise<boolean>>} */
let needs;
/** @type {unknown[]} */
let reports;

const tick = () => new Promise((done) => setTimeout(done));
/** @param {string} name */
const come = (name) => (line.holds ? line.held.push(name) : line.play(name));

function later() {
  /** @type {(is: boolean) => void} */
  let settle = () => {};
  /** @type {Promise<boolean>} */
  const coming = new Promise((done) => {
    settle = done;
  });
  return { coming, settle };
}

beforeEach(() => {
  [played, needs, reports] = [[], {}, []];
  line = new Line((name) => {
    played.push(name);
    const needed = needs[name];
    if (name === "bad") throw new Error(name);
    if (needed) void line.until(needed);
  }, tick);
  Object.assign(globalThis, { reportError: (/** @type {unknown} */ error) => reports.push(error) });
});

async function settled() {
  for (let turn = 0; turn < 20; turn++) await tick();
}

test("nothing waits while all is there", () => {
  come("a");
  assert.deepEqual([played, line.holds], [["a"], false]);
});

test("what comes while a part is fetched is done in its order, and what comes then behind it", async () => {
  const { coming, settle } = later();
  const gone = line.until(coming);
  for (const name of ["a", "b"]) come(name);
  await settled();
  assert.deepEqual(played, []);
  settle(true);
  await gone;
  come("c"); // the others are on their way
  await settled();
  assert.deepEqual([played, await gone, line.holds], [["a", "b", "c"], [], false]);
});

test("one of them may need another part, behind which the rest waits", async () => {
  const [first, second] = [later(), later()];
  needs.a = second.coming;
  void line.until(first.coming);
  for (const name of ["a", "b"]) come(name);
  first.settle(true);
  await settled();
  come("c");
  assert.deepEqual([played, line.holds], [["a"], true]);
  second.settle(true);
  await settled();
  assert.deepEqual(played, ["a", "b", "c"]);
});

test("nothing goes on before all that is needed is there", async () => {
  const [first, second] = [later(), later()];
  void line.until(first.coming);
  void line.until(second.coming);
  come("a");
  first.settle(true);
  await settled();
  assert.deepEqual(played, []);
  second.settle(true);
  await settled();
  assert.deepEqual(played, ["a"]);
});

test("if it does not come, what was meant for it goes, and what comes then is done", async () => {
  const { coming, settle } = later();
  const gone = line.until(coming);
  for (const name of ["a", "b"]) come(name);
  settle(false);
  assert.deepEqual(await gone, ["a", "b"]);
  await settled();
  come("c");
  assert.deepEqual([played, line.holds], [["c"], false]);
  assert.deepEqual(await line.until(Promise.reject(new Error("no"))), []);
  assert.equal(reports.length, 1);
});

test("a fault of one is told, and keeps none of the others", async () => {
  const changes = /** @type {boolean[]} */ ([]);
  line.onchange = (holds) => changes.push(holds);
  const { coming, settle } = later();
  void line.until(coming);
  for (const name of ["bad", "b"]) come(name);
  settle(true);
  await settled();
  assert.deepEqual([played, reports.length, changes], [["bad", "b"], 1, [true, false]]);
});
