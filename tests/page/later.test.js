// Parts that come later, the service worker among them: asked for once, missed in words, tried again.
import "./memory.js"; // first: some modules look for the browser when they are loaded

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { toast, update } from "#app/state.js";
import { settled, toggled } from "./memory.js";

mock.timers.enable({ apis: ["setTimeout"] }); // of hold.js, which waits for the page
const { line, stand } = await import("#app/hold.js");
const later = await import("#app/later.js");
stand(true);
await settled();

const MISSING = "This part of the page is not on this device yet. Try again with a network.";
const LOST = "What you have typed or pressed since is not done.";
/** A part, as it is loaded. */
const it = /** @type {any} */ ({ name: "menus" });
/** @type {(() => Promise<any>)[]} what each attempt to load gives */
let loads;
const part = later.menus;

beforeEach(() => {
  loads = [];
  part.load = () => loads.shift()?.() ?? assert.fail("nobody asked for it");
  part.coming = undefined;
  part.here.value = undefined;
  toast.value = undefined;
});

afterEach(() => mock.restoreAll());

test("a part is loaded once, and again only if it could not be", async () => {
  loads = [() => Promise.reject(new Error("offline")), async () => it];
  assert.equal(await part.fetch(), undefined);
  assert.deepEqual(await Promise.all([part.fetch(), part.fetch()]), [it, it]);
  assert.deepEqual([part.here.value, await part.fetch()], [it, it]);
});

test("what needs a part is done in the same moment if it is here, else when it comes", async () => {
  /** @type {any[]} */
  const done = [];
  loads = [async () => it];
  toggled.length = 0;
  const used = part.use((one) => done.push(one));
  assert.deepEqual([done, line.holds], [[], true]);
  await used;
  assert.deepEqual([done, toast.value, line.holds], [[it], undefined, false]);
  assert.deepEqual(toggled, [
    ["data-waits", true],
    ["data-waits", false],
  ]);
  void part.use((one) => done.push(one, "now"));
  assert.deepEqual(done, [it, it, "now"]);
});

test("a part that cannot come is missed in words, with what was pressed for it", async () => {
  for (const [pressed, text] of /** @type {[any[], string][]} */ ([
    [[], MISSING],
    [[{ event: { type: "click" } }], `${MISSING} ${LOST}`],
  ])) {
    /** @type {string[]} */
    const done = [];
    loads = [() => Promise.reject(new Error("offline"))];
    const used = part.use(
      () => done.push("act"),
      () => done.push("otherwise"),
    );
    line.held.push(...pressed);
    await used;
    assert.deepEqual(done, ["otherwise"]);
    assert.deepEqual([toast.value, line.held], [{ text, title: "", undo: false }, []]);
  }
});

test("nobody waits for a part longer than twenty seconds; it may still come after", async () => {
  /** @type {(it: any) => void} */
  let come = () => {};
  loads = [
    () =>
      new Promise((done) => {
        come = done;
      }),
  ];
  const used = part.use();
  mock.timers.tick(19_999);
  await settled();
  assert.deepEqual([line.holds, toast.value], [true, undefined]);
  mock.timers.tick(1);
  await used;
  assert.equal(toast.value?.text, MISSING);
  come(it);
  await settled();
  assert.equal(part.here.value, it);
});

test("what cannot be played is told", () => {
  line.onloss();
  assert.deepEqual(toast.value, { text: LOST, title: "", undo: false });
});

// --- The service worker ------------------------------------------------------------------------------

/** Something that can be listened to. @param {Record<string, any>} [more] @returns {any} */
const source = (more = {}) => Object.assign(new EventTarget(), more);

test("a new version is offered, and only who asks for it gets it", async () => {
  const reloads = mock.fn();
  Object.assign(location, { reload: reloads });
  const posted = mock.fn();
  const coming = source();
  const registration = source({ waiting: null, installing: coming });
  const workers = source({ controller: {}, register: mock.fn(async () => registration) });
  /** @type {any} */
  let policy;
  Object.defineProperty(navigator, "serviceWorker", { value: workers, configurable: true });
  Object.assign(globalThis, {
    trustedTypes: {
      createPolicy: (/** @type {string} */ name, /** @type {any} */ rules) => {
        policy = { name, ...rules };
        return rules;
      },
    },
  });
  const { install, reload } = await import("#app/update.js");
  await install("/todos/worker.js");
  assert.deepEqual(workers.register.mock.calls[0]?.arguments, ["/todos/worker.js"]);
  assert.equal(policy.name, "nudge");
  assert.throws(() => policy.createScriptURL("/evil.js"), TypeError);
  assert.equal(update.value, false);

  registration.dispatchEvent(new Event("updatefound"));
  registration.waiting = { postMessage: posted };
  coming.dispatchEvent(new Event("statechange"));
  assert.equal(update.value, true);
  workers.controller = null; // the first version of all replaces none
  coming.dispatchEvent(new Event("statechange"));
  assert.equal(update.value, false);
  workers.dispatchEvent(new Event("controllerchange"));
  assert.equal(reloads.mock.callCount(), 0);
  reload();
  assert.deepEqual(posted.mock.calls[0]?.arguments, ["activate"]);
  assert.equal(reloads.mock.callCount(), 0);
  workers.dispatchEvent(new Event("controllerchange"));
  assert.equal(reloads.mock.callCount(), 1);
  registration.waiting = null; // another tab was faster
  coming.dispatchEvent(new Event("statechange"));
  reload();
  assert.equal(reloads.mock.callCount(), 2);
  workers.register = async () => Promise.reject(new Error("offline"));
  await install("/todos/worker.js");
});
