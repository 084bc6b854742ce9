// The logged-in account, and its requests.

const page = document.documentElement.dataset;

/** A failed request: the status of the response, or 0 without one. */
export class Trouble extends Error {
  /** @param {number} status @param {string} code @param {number} wait seconds that the server asks for */
  constructor(status, code = "", wait = 0) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.wait = wait;
  }
}

const PATIENCE = 30_000; // in milliseconds; the gateway gives up after 29 seconds
let token = "";

/**
 * The response as JSON; undefined for 304. Throws Trouble. What is sent needs a token, so the first
 * time it asks for one.
 * @param {string} path below the API
 * @param {RequestInit} [options]
 */
export async function ask(path, options = {}) {
  if (options.body && !token) await whoIs();
  const headers = new Headers(options.headers);
  headers.set("Accept", "application/json");
  if (options.body) headers.set("Content-Type", "application/json");
  if (token) headers.set("X-CSRFToken", token);
  const signal = AbortSignal.timeout(PATIENCE);
  let answer;
  try {
    answer = await fetch(page.api + path, { ...options, headers, signal, cache: "no-store" });
    if (answer.status === 304) return undefined;
    if (answer.ok) return await answer.json();
  } catch {
    throw new Trouble(0);
  }
  const told = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  throw new Trouble(answer.status, told.errors?.[0]?.code ?? "", wait);
}

/** The logged-in account; stores the token for changes. Throws Trouble with 401 if logged out. */
export async function whoIs() {
  const { account, csrf_token } = await ask("session/");
  token = csrf_token;
  return /** @type {string} */ (account);
}

/** Ends the session. Throws Trouble. */
export async function logOut() {
  const body = new URLSearchParams({ csrfmiddlewaretoken: token });
  const options = /** @type {const} */ ({ method: "POST", body, redirect: "manual" });
  const answer = await fetch(page.logout ?? "", options).catch(() => null);
  if (answer?.type !== "opaqueredirect") throw new Trouble(answer?.status ?? 0);
}

export function toLogIn() {
  const next = location.pathname + location.hash;
  location.assign(`${page.login}?${new URLSearchParams({ next })}`);
}

const ACCOUNT = "nudge.account";

/** The last confirmed account that has not logged out; its data may be shown immediately. */
export const remembered = () => localStorage.getItem(ACCOUNT) ?? "";

/** @param {string} account */
export function remember(account) {
  if (account) localStorage.setItem(ACCOUNT, account);
  else localStorage.removeItem(ACCOUNT);
}

/** Calls `then` when another tab logs in or out. @param {() => void} then */
export function onOtherAccount(then) {
  window.addEventListener("storage", (event) => {
    if (event.key === ACCOUNT && event.newValue !== event.oldValue) then();
  });
}
