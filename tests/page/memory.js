// The page without a browser: what a module looks for there, and a database in memory.
export const NOON = "2026-11-26T12:00:00.000Z";

/** Texts by their names, which are its own keys, as in the browser's storage. */
export class Names {
  static isFull = false;

  /** @param {string} name @returns {string | null} */
  getItem(name) {
    return /** @type {any} */ (this)[name] ?? null;
  }

  /** @param {string} name @param {string} value */
  setItem(name, value) {
    if (Names.isFull) throw new Error("QuotaExceededError");
    /** @type {any} */ (this)[name] = value;
  }

  /** @param {string} name */
  removeItem(name) {
    delete (/** @type {any} */ (this)[name]);
  }
}

/** Each attribute that was set or taken away on the root, with which. @type {[string, boolean][]} */
export const toggled = [];

export const page = {
  hidden: false,
  documentElement: {
    /** @param {string} name @param {boolean} is */
    toggleAttribute: (name, is) => toggled.push([name, is]),
    dataset: /** @type {Record<string, string>} */ ({
      api: "/api/v1/",
      login: "/auth/login/",
      logout: "/auth/logout/",
    }),
  },
};

Object.assign(globalThis, {
  document: page,
  location: { href: "https://nudge.test/todos/", pathname: "/todos/", hash: "" },
  addEventListener: () => {},
  localStorage: new Names(),
  IDBKeyRange: { lowerBound: (/** @type {number} */ from) => ({ from }) },
});

/** @typedef {Record<string, any>} Row */

/** An answer that comes later, as IndexedDB gives it. @param {unknown} result */
function asked(result) {
  const request = { result: structuredClone(result), onsuccess: () => {} };
  queueMicrotask(() => request.onsuccess());
  return request;
}

class Rows {
  /** @param {string} keyPath */
  constructor(keyPath) {
    this.keyPath = keyPath;
    /** @type {Map<any, Row>} */
    this.rows = new Map();
    this.last = 0;
  }

  /** @param {(row: Row) => boolean} test */
  sorted(test) {
    const some = [...this.rows.values()].filter(test);
    return some.sort((a, b) => (a[this.keyPath] < b[this.keyPath] ? -1 : 1));
  }

  /** @param {any} key */
  get(key) {
    return asked(this.rows.get(key));
  }

  /** @param {{from: number}} [range] behind this key @param {number} [most] */
  getAll(range, most) {
    return asked(this.sorted((row) => !range || row[this.keyPath] > range.from).slice(0, most));
  }

  getAllKeys() {
    return asked([...this.rows.keys()].sort());
  }

  /** @param {Row} row */
  put(row) {
    this.rows.set(row[this.keyPath], structuredClone(row));
    return asked(row[this.keyPath]);
  }

  /** With the next number as its key, if it has none. @param {Row} row */
  add(row) {
    this.last++;
    return this.put({ [this.keyPath]: this.last, ...row });
  }

  /** @param {any} key */
  delete(key) {
    this.rows.delete(key);
    return asked(undefined);
  }

  /** @param {string} name */
  index(name) {
    const those = (/** @type {unknown} */ value) => this.sorted((row) => row[name] === value);
    return {
      getAll: (/** @type {unknown} */ value) => asked(those(value)),
      getAllKeys: (/** @type {unknown} */ value) =>
        asked(those(value).map((row) => row[this.keyPath])),
    };
  }
}

/** Transactions, one after the other: whole, or not at all. */
export class Memory {
  constructor() {
    /** @type {Record<string, Rows>} */
    this.stores = {
      objects: new Rows("key"),
      operations: new Rows("seq"),
      problems: new Rows("op_id"),
      meta: new Rows("key"),
    };
    this.isFull = false;
    this.last = Promise.resolve();
  }

  /** @param {"readonly" | "readwrite"} mode @param {string[]} names @param {(...stores: any[]) => Promise<any>} work */
  run(mode, names, work) {
    const done = this.last.then(() => this.transact(mode, names, work));
    this.last = done.catch(() => undefined);
    return done;
  }

  /** @param {string} mode @param {string[]} names @param {(...stores: any[]) => Promise<any>} work */
  async transact(mode, names, work) {
    if (this.isFull && mode === "readwrite") throw new Error("QuotaExceededError");
    const stores = names.map((name) => /** @type {Rows} */ (this.stores[name]));
    const before = stores.map(({ rows }) => new Map(rows));
    try {
      return await work(...stores);
    } catch (error) {
      stores.forEach((store, index) => {
        store.rows = before[index] ?? new Map();
      });
      throw error;
    }
  }

  /** @param {string} name */
  all(name) {
    return structuredClone(this.stores[name]?.sorted(() => true) ?? []);
  }

  close() {}

  async erase() {
    for (const store of Object.values(this.stores)) store.rows.clear();
  }
}

/** An open store of alice, and its database. @param {Memory} [memory] what an earlier one has left */
export async function opened(memory = new Memory()) {
  const { Store } = await import("#app/store.js"); // it looks for the browser when it is loaded
  const store = new Store("alice");
  store.db = /** @type {any} */ (memory);
  return { store: await store.open(), memory };
}

/** Until what was begun has gone as far as it can. */
export async function settled() {
  for (let turn = 0; turn < 30; turn++) await new Promise((done) => setImmediate(done));
}

/** @param {string} id @param {Row} [more] a to-do as the server gives it */
export const todo = (id, more = {}) => ({
  id,
  version: 1,
  title: id,
  notes: "",
  list: "inbox",
  parent: null,
  status: "open",
  tags: [],
  due: null,
  position: "a0",
  finished_at: null,
  deleted_at: null,
  ...more,
});

/** @param {Row} object @returns {any} a change as the feed tells it */
export const told = (object) => ({
  kind: "todo",
  id: object.id,
  op: "upsert",
  version: object.version,
  todo: object,
});
