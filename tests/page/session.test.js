// The requests of the page: their headers, and what is told of those that fail.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import "./memory.js";

const { ask, logOut, remember, remembered, toLogIn, whoIs } = await import("#app/session.js");

/** @type {[string, RequestInit & {headers: Headers, signal: AbortSignal}][]} */
let asked;
/** @type {(Response | Error)[]} */
let answers;

beforeEach(() => {
  [asked, answers] = [[], []];
  mock.method(
    globalThis,
    "fetch",
    async (/** @type {string} */ path, /** @type {any} */ options) => {
      asked.push([path, options]);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  );
});

afterEach(() => mock.restoreAll());

/** @param {number} status @param {Record<string, string>} [headers] @param {unknown} [body] */
const failed = (status, headers = {}, body = undefined) =>
  new Response(body === undefined ? "<h1>Bad gateway</h1>" : JSON.stringify(body), {
    status,
    headers,
  });

/** What is thrown. @param {Promise<unknown>} promise */
const trouble = (promise) =>
  promise.then(
    () => assert.fail("nothing is thrown"),
    ({ status, code, wait }) => ({ status, code, wait }),
  );

test("a request is for JSON, for nobody's cache, and has an end", async () => {
  const signal = new AbortController().signal;
  const patience = mock.method(AbortSignal, "timeout", () => signal);
  answers.push(Response.json({ changes: [] }));
  assert.deepEqual(await ask("sync/", { headers: { "If-None-Match": '"c1"' } }), { changes: [] });
  const [[path, { headers, ...options }]] = /** @type {any} */ (asked);
  assert.equal(path, "/api/v1/sync/");
  assert.deepEqual(Object.fromEntries(headers), {
    accept: "application/json",
    "if-none-match": '"c1"',
  });
  assert.deepEqual(options, { cache: "no-store", signal });
  assert.deepEqual(patience.mock.calls[0]?.arguments, [30_000]);
});

test("what is sent says that it is JSON, and has the token of who is logged in", async () => {
  answers.push(Response.json({ account: "alice", csrf_token: "secret" }), Response.json({}));
  assert.equal(await whoIs(), "alice");
  await ask("sync/", { method: "POST", body: "{}" });
  const [[, first], [, { method, body, headers }]] = /** @type {any} */ (asked);
  assert.deepEqual(Object.fromEntries(first.headers), { accept: "application/json" });
  assert.deepEqual([method, body], ["POST", "{}"]);
  assert.deepEqual(Object.fromEntries(headers), {
    accept: "application/json",
    "content-type": "application/json",
    "x-csrftoken": "secret",
  });
});

test("the first that is sent asks for the token, and is not sent without one", async () => {
  const fresh = await import(/** @type {string} */ ("#app/session.js?fresh"));
  const options = { method: "POST", body: "{}" };
  answers.push(failed(401, {}, {}));
  assert.equal((await trouble(fresh.ask("sync/", options))).status, 401);
  answers.push(Response.json({ account: "alice", csrf_token: "secret" }));
  answers.push(Response.json({}), Response.json({}));
  await fresh.ask("sync/", options);
  await fresh.ask("sync/", options);
  assert.deepEqual(
    asked.map(([path, { headers }]) => [path, headers.get("X-CSRFToken")]),
    [
      ["/api/v1/session/", null],
      ["/api/v1/session/", null],
      ["/api/v1/sync/", "secret"],
      ["/api/v1/sync/", "secret"],
    ],
  );
});

test("nothing new is nothing", async () => {
  answers.push(new Response(null, { status: 304 }));
  assert.equal(await ask("sync/"), undefined);
});

test("a failure is told by its status, its code, and the seconds that the server asks for", async () => {
  const errors = [{ code: "throttled", detail: "Slow down.", attr: null }];
  answers.push(failed(429, { "Retry-After": "90" }, { type: "client_error", errors }));
  answers.push(failed(502), failed(503, { "Retry-After": "Thu, 26 Nov 2026 12:00:00 GMT" }, {}));
  answers.push(new TypeError("Failed to fetch"), new Response("<p>a wall of a hotel</p>"));
  const found = [];
  for (let number = 0; number < 5; number++) found.push(await trouble(ask("sync/")));
  assert.deepEqual(found, [
    { status: 429, code: "throttled", wait: 90 },
    { status: 502, code: "", wait: 0 },
    { status: 503, code: "", wait: 0 },
    { status: 0, code: "", wait: 0 },
    { status: 0, code: "", wait: 0 },
  ]);
});

test("a log-out has the token, and only the way to another page is a success", async () => {
  answers.push(Response.json({ account: "alice", csrf_token: "secret" }));
  await whoIs();
  answers.push(/** @type {any} */ ({ type: "opaqueredirect", status: 0 }), failed(403));
  await logOut();
  assert.equal((await trouble(logOut())).status, 403);
  answers.push(new TypeError("Failed to fetch"));
  assert.equal((await trouble(logOut())).status, 0);
  const [, [path, { method, body, redirect }]] = /** @type {any} */ (asked);
  assert.deepEqual([path, method, redirect], ["/auth/logout/", "POST", "manual"]);
  assert.equal(String(body), "csrfmiddlewaretoken=secret");
});

test("an account is remembered until it logs out, and a log-in leads back", () => {
  remember("alice");
  assert.equal(remembered(), "alice");
  remember("");
  assert.equal(remembered(), "");
  /** @type {string[]} */
  const gone = [];
  const assign = (/** @type {string} */ address) => gone.push(address);
  Object.assign(location, { hash: "#/tag/a&b", assign });
  toLogIn();
  assert.deepEqual(gone, ["/auth/login/?next=%2Ftodos%2F%23%2Ftag%2Fa%26b"]);
});
