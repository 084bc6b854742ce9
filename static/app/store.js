// The browser's database of one account, and a copy in memory: objects from the server and
// unconfirmed operations. The page shows the objects with the operations applied.
import { batch, signal } from "@preact/signals";
import { Database, got } from "#app/database.js";
import { uuid } from "#app/ids.js";
import { Journal } from "#app/journal.js";
import { keyOf, replayed } from "#app/model.js";
import { Renames } from "#app/renames.js";
import { along } from "#app/subtasks.js";

/** @typedef {import("#app/model.js").Kind} Kind */
/** @typedef {import("#app/model.js").Content} Content */
/** @typedef {import("#app/model.js").Operation} Operation */
/** @typedef {import("#app/model.js").Deed} Deed */
/** @typedef {import("#app/settle.js").Problem} Problem */
/** @typedef {{key: string, kind: Kind, content: Content}} Row */
/** @typedef {Operation & {key: string}} Stored */
/** @typedef {{kind: Kind, id: string, op: "upsert" | "purge", version: number} & Record<string, any>} Change */
/** @typedef {{results?: import("#app/settle.js").Result[], changes: Change[], cursor: string, has_more: boolean}} Answer */

const BATCH = 100;
const BATCH_LETTERS = 200_000; // fits the server's limit of a mebibyte in any script

export class Store {
  /** @param {string} account */
  constructor(account) {
    this.account = account;
    this.db = new Database(`nudge-${account}`);

    this.revision = signal(0);
    this.waiting = signal({ count: 0, since: "" });
    this.problems = signal(/** @type {Problem[]} */ ([]));
    this.unsaved = signal(0);
    this.broken = signal("");
    this.complete = signal(false);

    /** @type {Map<string, Content>} */
    this.bases = new Map();
    /** @type {Map<string, Operation[]>} */
    this.pending = new Map();
    /** @type {Map<string, Operation>} */
    this.unwritten = new Map();
    /** @type {Map<Kind, Map<string, Content>>} */
    this.shown = new Map();
    this.renames = new Renames();
    this.journal = new Journal(account);
    /** @type {Promise<unknown>} */
    this.written = Promise.resolve();
    this.channel = new BroadcastChannel(`nudge-${account}`);
    this.channel.onmessage = ({ data }) => this.hear(data);
    /** @type {() => void} */
    this.onwrite = () => {};
  }

  async open() {
    const names = ["objects", "operations", "problems", "meta"];
    const [rows, operations, problems, cursor] = await this.db.run(
      "readonly",
      names,
      (objects, operations, stuck, meta) =>
        Promise.all([
          got(/** @type {IDBRequest<Row[]>} */ (objects.getAll())),
          got(/** @type {IDBRequest<Stored[]>} */ (operations.getAll())),
          got(/** @type {IDBRequest<Problem[]>} */ (stuck.getAll())),
          got(meta.get("cursor")),
        ]),
    );
    for (const { key, content } of rows) this.bases.set(key, content);
    for (const operation of operations) this.queue(operation.key, operation);
    const stored = new Set(operations.map(({ op_id }) => op_id));
    for (const operation of this.journal.left())
      if (!stored.has(operation.op_id)) this.hold(operation);
    for (const key of new Set([...this.bases.keys(), ...this.pending.keys()])) this.show(key);
    this.problems.value = problems;
    this.complete.value = Boolean(cursor);
    this.changed();
    this.save();
    return this;
  }

  /** Stores what is not stored yet, and ends. */
  async close() {
    this.leave();
    await this.written;
    this.channel.close();
    this.db.close();
  }

  /** Keeps what is not stored yet, because the page may end now. Gives whether all of it is safe. */
  leave() {
    const operations = [...this.unwritten.values()];
    return !operations.length || (this.journal.keep(operations) && !this.broken.value);
  }

  async erase() {
    this.unwritten.clear();
    this.journal.erase();
    await this.written;
    this.channel.close();
    await this.db.erase();
  }

  /** @param {Kind} kind @returns {Map<string, any>} */
  all(kind) {
    const some = this.shown.get(kind) ?? new Map();
    this.shown.set(kind, some);
    return some;
  }

  /** @param {Kind} kind @param {string} id @returns {any} */
  get(kind, id) {
    return this.all(kind).get(id);
  }

  // --- Shown objects -----------------------------------------------------------------------------

  /** @param {string} key @param {Operation} operation */
  queue(key, operation) {
    const some = this.pending.get(key);
    if (some) some.push(operation);
    else this.pending.set(key, [operation]);
  }

  /** @param {string} key */
  show(key) {
    const cut = key.indexOf(":");
    const kind = /** @type {Kind} */ (key.slice(0, cut));
    const id = key.slice(cut + 1);
    const base = this.bases.get(key);
    const now = replayed(base, this.pending.get(key) ?? []);
    if (now) this.all(kind).set(id, kind === "todo" ? this.renames.applied(now) : now);
    else this.all(kind).delete(id);
    if (kind === "tag") this.showTagged(this.renames.note(id, base?.name, now?.name));
  }

  /** @param {string[]} names of tags */
  showTagged(names) {
    if (!names.length) return;
    for (const key of new Set([...this.bases.keys(), ...this.pending.keys()])) {
      if (!key.startsWith("todo:")) continue;
      const now = replayed(this.bases.get(key), this.pending.get(key) ?? []);
      if (now?.tags.some((/** @type {string} */ tag) => names.includes(tag))) this.show(key);
    }
  }

  changed() {
    let count = 0;
    let since = "";
    for (const some of this.pending.values()) {
      const own = some.filter(({ echo_of }) => !echo_of);
      count += own.length;
      const first = own[0]?.at ?? "";
      if (first && (!since || first < since)) since = first;
    }
    batch(() => {
      this.revision.value++;
      if (this.waiting.value.count !== count) this.waiting.value = { count, since };
    });
  }

  // --- Changes by the user -----------------------------------------------------------------------

  /**
   * Shows the change immediately, and stores it after the earlier ones.
   * @param {Deed[]} deeds
   */
  commit(deeds) {
    const at = new Date().toISOString();
    for (const deed of deeds) this.showDone(deed, at);
    this.changed();
    this.save();
  }

  /** Applies the deed and the changes that follow from it. @param {Deed} deed @param {string} at */
  showDone(deed, at) {
    const { kind, id } = deed;
    const echoes = kind === "todo" ? along(deed, this.get(kind, id), this.all("todo")) : [];
    const operation = { ...deed, op_id: uuid(), at };
    const echo_of = operation.op_id;
    const all = [operation, ...echoes.map((echo) => ({ ...echo, op_id: uuid(), at, echo_of }))];
    for (const one of all) {
      this.hold(one);
      this.show(keyOf(one.kind, one.id));
    }
  }

  /** @param {Operation} operation that is not stored yet */
  hold(operation) {
    this.unwritten.set(operation.op_id, operation);
    this.count();
    this.queue(keyOf(operation.kind, operation.id), operation);
  }

  count() {
    this.unsaved.value = [...this.unwritten.values()].filter(({ echo_of }) => !echo_of).length;
  }

  /** Stores all that is not stored yet, also what an earlier attempt could not. */
  save() {
    this.written = this.written.then(() => this.write());
    return this.written;
  }

  async write() {
    const operations = [...this.unwritten.values()];
    try {
      if (operations.length)
        await this.db.run("readwrite", ["operations", "objects"], async (queue, objects) => {
          for (const operation of operations) await append(operation, queue, objects);
        });
    } catch (error) {
      this.broken.value = String(error);
      return;
    }
    this.broken.value = "";
    for (const { op_id } of operations) this.unwritten.delete(op_id);
    this.count();
    if (!this.unwritten.size) this.journal.clear();
    if (!operations.length) return;
    this.tell(operations.map(({ kind, id }) => keyOf(kind, id)));
    this.onwrite();
  }

  /** Ends a question, unless its answer could not be stored. @param {string} op_id */
  async forget(op_id) {
    await this.save();
    if (this.broken.value) return;
    await this.db.run("readwrite", ["problems"], (stuck) => got(stuck.delete(op_id)));
    this.problems.value = this.problems.value.filter((problem) => problem.op_id !== op_id);
    this.tell([], true);
  }

  // --- Other tabs ---------------------------------------------------------------------------------

  /** @param {string[]} keys @param {boolean} [problems] */
  tell(keys, problems = false) {
    this.channel.postMessage({ keys, problems });
  }

  /** @param {{keys: string[], problems: boolean}} news */
  async hear({ keys, problems }) {
    await this.reload(keys);
    if (problems) await this.readProblems();
  }

  async readProblems() {
    this.problems.value = await this.db.run("readonly", ["problems"], (stuck) =>
      got(/** @type {IDBRequest<Problem[]>} */ (stuck.getAll())),
    );
  }

  /** @param {string[]} keys */
  async reload(keys) {
    const names = ["objects", "operations"];
    const [rows, found] = await this.db.run("readonly", names, (objects, operations) =>
      Promise.all([each(objects, keys), Promise.all(keys.map((key) => of(operations, key)))]),
    );
    const stored = found.flat().sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    const written = new Set(stored.map(({ op_id }) => op_id));
    keys.forEach((key, index) => {
      const row = rows[index];
      if (row) this.bases.set(key, row.content);
      else this.bases.delete(key);
      this.pending.delete(key);
    });
    for (const operation of stored) this.queue(operation.key, operation);
    const mine = new Set(keys);
    for (const operation of this.unwritten.values()) {
      const key = keyOf(operation.kind, operation.id);
      if (mine.has(key) && !written.has(operation.op_id)) this.queue(key, operation);
    }
    for (const key of keys) this.show(key);
    this.changed();
  }

  // --- Responses of the server -------------------------------------------------------------------

  /** The next operations to send, in order, as many as fit into a request. */
  async next() {
    await this.written;
    const stored = await this.db.run("readonly", ["operations"], firstOwn);
    let letters = 0;
    return stored.filter((operation, index) => {
      letters += JSON.stringify(operation.fields ?? {}).length;
      return index === 0 || letters < BATCH_LETTERS;
    });
  }

  /** @param {string} key */
  async note(key) {
    return (await this.db.run("readonly", ["meta"], (meta) => got(meta.get(key))))?.value;
  }
}

/** The rows of these keys, undefined where there is none. @param {IDBObjectStore} objects @param {string[]} keys @returns {Promise<(Row | undefined)[]>} */
export const each = (objects, keys) => Promise.all(keys.map((key) => got(objects.get(key))));

/** Those of an object, in their order. @param {IDBObjectStore} operations @param {string} key @returns {Promise<Stored[]>} */
const of = (operations, key) => got(operations.index("key").getAll(key));

/** Once, also if two pages know it. @param {Operation} operation @param {IDBObjectStore} queue @param {IDBObjectStore} objects */
async function append(operation, queue, objects) {
  const key = keyOf(operation.kind, operation.id);
  const { op_id, op, echo_of, base_version } = operation;
  const earlier = await of(queue, key);
  if (earlier.some((one) => one.op_id === op_id)) return;
  const last = earlier.filter((one) => !one.echo_of).at(-1);
  const row = { ...operation, key };
  if (!echo_of && !base_version) {
    if (last) row.after = last.op_id;
    else if (op !== "create")
      row.base_version = (await each(objects, [key]))[0]?.content.version ?? 1;
  }
  await got(queue.add(row));
}

/** Those that are to be sent, as many as one request takes. @param {IDBObjectStore} operations */
async function firstOwn(operations) {
  /** @type {Stored[]} */
  const own = [];
  for (let from = 0, more = true; more && own.length < BATCH; ) {
    const range = IDBKeyRange.lowerBound(from, true);
    const some = /** @type {Stored[]} */ (await got(operations.getAll(range, BATCH)));
    own.push(...some.filter(({ echo_of }) => !echo_of));
    from = some.at(-1)?.seq ?? from;
    more = some.length === BATCH;
  }
  return own.slice(0, BATCH);
}
