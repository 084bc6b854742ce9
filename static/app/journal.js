// Changes that a page could not store in the browser's database before it ended. A page that ends
// can still write to `localStorage`; the next page of the account moves them to the database.
import { uuid } from "#app/ids.js";
import { remembered } from "#app/session.js";

/** @typedef {import("#app/model.js").Operation} Operation */

export class Journal {
  /** @param {string} account */
  constructor(account) {
    this.account = account;
    this.prefix = `nudge.unsaved.${account}.`;
    this.own = this.prefix + uuid();
    /** @type {Set<string>} */
    this.entries = new Set();
  }

  /** Gives whether they are kept: not if the account has logged out. @param {Operation[]} operations */
  keep(operations) {
    if (remembered() !== this.account) return false;
    try {
      localStorage.setItem(this.own, JSON.stringify(operations));
    } catch {
      return false;
    }
    this.entries.add(this.own);
    return true;
  }

  /** What other pages have left, the oldest first. @returns {Operation[]} */
  left() {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(this.prefix));
    for (const name of names) this.entries.add(name);
    const all = names.flatMap((name) => JSON.parse(localStorage.getItem(name) ?? "[]"));
    return all.sort((a, b) => a.at.localeCompare(b.at));
  }

  /** Forgets what is stored by now. */
  clear() {
    for (const name of this.entries) localStorage.removeItem(name);
    this.entries.clear();
  }

  /** Forgets all of the account. */
  erase() {
    this.left();
    this.clear();
  }
}
