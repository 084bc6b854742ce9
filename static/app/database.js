// A database of the browser (IndexedDB): transactions that are whole or not at all, and nothing else.

// Dexie, by which the page kept its data before, counts its versions in tens.
const VERSION = 20;
/** @type {[string, IDBObjectStoreParameters, string[]][]} */
const STORES = [
  ["objects", { keyPath: "key" }, []],
  ["operations", { keyPath: "seq", autoIncrement: true }, ["op_id", "key", "echo_of"]],
  ["problems", { keyPath: "op_id" }, []],
  ["meta", { keyPath: "key" }, []],
];

/** What a request gives. @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export const got = (request) =>
  new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });

/** Makes what is not there yet. @param {IDBOpenDBRequest} request */
function build({ result, transaction }) {
  for (const [name, options, indexes] of STORES) {
    const store = result.objectStoreNames.contains(name)
      ? transaction?.objectStore(name)
      : result.createObjectStore(name, options);
    for (const index of indexes)
      if (!store?.indexNames.contains(index)) store?.createIndex(index, index);
  }
}

/**
 * The end of a transaction, when all of it is stored.
 * @param {IDBTransaction} transaction
 */
const end = (transaction) =>
  new Promise((done, fail) => {
    transaction.oncomplete = done;
    transaction.onabort = () => fail(transaction.error ?? new Error("Not stored"));
  });

export class Database {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.closed = false;
    /** @type {Promise<IDBDatabase> | undefined} */
    this.opening = undefined;
  }

  /** The connection; another one if the browser has taken it away. */
  async connection() {
    if (this.closed) throw new Error("The database is closed");
    this.opening ??= this.open();
    try {
      return await this.opening;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  async open() {
    const request = indexedDB.open(this.name, VERSION);
    request.onupgradeneeded = () => build(request);
    const connection = await got(request);
    connection.onversionchange = () => this.let(connection); // another tab deletes it
    connection.onclose = () => this.let(connection);
    if (this.closed) connection.close();
    return connection;
  }

  /** @param {IDBDatabase} connection */
  let(connection) {
    this.opening = undefined;
    connection.close();
  }

  /** @param {IDBTransactionMode} mode @param {string[]} stores */
  async transaction(mode, stores) {
    const connection = await this.connection();
    try {
      return connection.transaction(stores, mode);
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "InvalidStateError") throw error;
      this.let(connection);
      return (await this.connection()).transaction(stores, mode);
    }
  }

  /**
   * Gives what the work gives, as soon as all of it is stored. The work may wait for requests only.
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {string[]} names of stores
   * @param {(...stores: IDBObjectStore[]) => Promise<T>} work
   */
  async run(mode, names, work) {
    const transaction = await this.transaction(mode, names);
    const ended = end(transaction);
    try {
      const result = await work(...names.map((name) => transaction.objectStore(name)));
      await ended;
      return result;
    } catch (error) {
      ended.catch(() => undefined);
      try {
        transaction.abort();
      } catch {
        // it has ended by itself
      }
      throw error;
    }
  }

  close() {
    this.closed = true;
    void this.opening?.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }

  async erase() {
    this.close();
    await got(indexedDB.deleteDatabase(this.name));
  }
}
