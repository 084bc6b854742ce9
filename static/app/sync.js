// Sends local operations and reads changes of others; docs/sync.md is the protocol.
import { signal } from "@preact/signals";
import { beginAgain, take } from "#app/answers.js";

/** @typedef {"fine" | "offline" | "logged_out" | "trouble"} Standing */
/** @typedef {import("#app/store.js").Store} Store */
/** @typedef {import("#app/session.js").Trouble} Trouble */
/**
 * The external functions, which a test can replace.
 * @typedef {object} World
 * @property {(path: string, options?: RequestInit) => Promise<any>} ask
 * @property {() => Promise<string>} whoIs
 * @property {() => void} onOtherAccount
 */

const POLL = 60_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 120_000;

/**
 * Milliseconds before the next attempt: exponential, and random so that devices differ.
 * @param {number} tries
 * @param {number} chance from 0 to 1
 */
export function backOff(tries, chance) {
  return Math.min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT) * (0.5 + chance / 2);
}

/** Runs in only one tab at a time. @param {string} name @param {() => Promise<void>} work */
function alone(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

export class Sync {
  /** @param {Store} store @param {World} world */
  constructor(store, world) {
    this.store = store;
    this.world = world;
    this.standing = signal(/** @type {Standing} */ ("fine"));
    this.tries = 0;
    this.running = false;
    this.wanted = false;
    this.stopped = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    store.onwrite = () => this.nudge();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Sends new operations immediately, unless the server is unreachable. */
  nudge() {
    if (this.running) this.wanted = true;
    else if (this.tries === 0) this.run();
  }

  /** Syncs again after the network or the user has returned. */
  retry() {
    this.tries = 0;
    if (this.running) this.wanted = true;
    else this.run();
  }

  async run() {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.running = true;
    try {
      do {
        this.wanted = false;
        await alone(`nudge-sync-${this.store.account}`, () => this.round());
      } while (this.wanted && !this.stopped);
      this.tries = 0;
      this.standing.value = "fine";
      this.later(document.hidden ? POLL * 10 : POLL);
    } catch (error) {
      this.fail(/** @type {Trouble} */ (error));
    } finally {
      this.running = false;
    }
  }

  /** @param {number} milliseconds */
  later(milliseconds) {
    if (!this.stopped) this.timer = setTimeout(() => this.run(), milliseconds);
  }

  /** @param {Trouble} trouble */
  fail({ status, wait = 0 }) {
    this.tries++;
    this.standing.value = status === 401 ? "logged_out" : status ? "trouble" : "offline";
    this.later(Math.max(wait * 1000, backOff(this.tries, Math.random())));
  }

  /** Repeats until everything is sent and read. */
  async round() {
    for (let more = true; more && !this.stopped; ) {
      const sent = await this.store.next();
      const answer = await this.exchange(sent);
      if (answer === undefined) return;
      await take(this.store, sent, answer);
      more = answer.has_more || sent.length > 0;
    }
  }

  /** @param {import("#app/store.js").Stored[]} operations @param {boolean} [again] @returns {Promise<any>} */
  async exchange(operations, again = false) {
    try {
      const answer = await this.send(operations);
      if (answer && answer.account !== this.store.account) return this.leave();
      return answer;
    } catch (error) {
      const { status, code } = /** @type {Trouble} */ (error);
      if (again || !(status === 403 || status === 410 || code === "other_account")) throw error;
      if ((await this.world.whoIs()) !== this.store.account) return this.leave();
      if (status === 410) await beginAgain(this.store);
      return this.exchange(operations, true);
    }
  }

  /** Another account is logged in: sends and shows nothing of this one any more. */
  leave() {
    this.stop();
    this.world.onOtherAccount();
    return undefined;
  }

  /** @param {import("#app/store.js").Stored[]} operations */
  async send(operations) {
    const cursor = await this.store.note("cursor");
    if (!operations.length) {
      const query = cursor ? `?${new URLSearchParams({ cursor })}` : "";
      /** @type {Record<string, string>} */
      const headers = cursor ? { "If-None-Match": `"${cursor}"` } : {};
      return this.world.ask(`sync/${query}`, { headers });
    }
    const body = JSON.stringify({
      account: this.store.account,
      ...(cursor ? { cursor } : {}),
      sent_at: new Date().toISOString(),
      operations: operations.map(({ key: _key, seq: _seq, ...operation }) => operation),
    });
    return this.world.ask("sync/", { method: "POST", body });
  }
}
