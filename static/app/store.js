// The browser's database of one account, and a copy in memory: objects from the server and
// unconfirmed operations. The page shows the objects with the operations applied.
import { batch, signal } from "@preact/signals";
import { Dexie } from "dexie";
import { uuid } from "#app/ids.js";
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
    this.db = new Dexie(`nudge-${account}`);
    this.db.version(1).stores({
      objects: "key",
      operations: "++seq, op_id, key",
      problems: "op_id",
      meta: "key",
    });
    this.db.version(2).stores({ operations: "++seq, op_id, key, echo_of" });
    /** @type {import("dexie").Table<Row, string>} */
    this.objects = this.db.table("objects");
    /** @type {import("dexie").Table<Stored, number>} */
    this.operations = this.db.table("operations");
    /** @type {import("dexie").Table<Problem, string>} */
    this.stuck = this.db.table("problems");
    /** @type {import("dexie").Table<{key: string, value: any}, string>} */
    this.meta = this.db.table("meta");

    this.revision = signal(0);
    this.waiting = signal({ count: 0, since: "" });
    this.problems = signal(/** @type {Problem[]} */ ([]));
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
    /** @type {Promise<unknown>} */
    this.written = Promise.resolve();
    this.channel = new BroadcastChannel(`nudge-${account}`);
    this.channel.onmessage = ({ data }) => this.hear(data);
    /** @type {() => void} */
    this.onwrite = () => {};
  }

  async open() {
    const [rows, operations, problems, cursor] = await this.db.transaction(
      "r",
      this.db.tables,
      () =>
        Promise.all([
          this.objects.toArray(),
          this.operations.orderBy("seq").toArray(),
          this.stuck.toArray(),
          this.meta.get("cursor"),
        ]),
    );
    for (const { key, content } of rows) this.bases.set(key, content);
    for (const operation of operations) this.queue(operation.key, operation);
    for (const key of new Set([...this.bases.keys(), ...this.pending.keys()])) this.show(key);
    this.problems.value = problems;
    this.complete.value = Boolean(cursor);
    this.changed();
    return this;
  }

  close() {
    this.channel.close();
    this.db.close();
  }

  async erase() {
    this.channel.close();
    await this.db.delete();
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

  // --- Shown objects
  // ------------------------------------------------------------------------------

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

  // --- Changes by the user
  // ------------------------------------------------------------------------

  /**
   * Shows the change immediately, and stores it after the earlier ones.
   * @param {Deed[]} deeds
   */
  commit(deeds) {
    const at = new Date().toISOString();
    const operations = deeds.flatMap((deed) => this.showDone(deed, at));
    this.changed();
    this.written = this.written.then(() => this.write(operations));
  }

  /** Applies the deed and the changes that follow from it. @param {Deed} deed @param {string} at @returns {Operation[]} */
  showDone(deed, at) {
    const { kind, id } = deed;
    const echoes = kind === "todo" ? along(deed, this.get(kind, id), this.all("todo")) : [];
    const operation = { ...deed, op_id: uuid(), at };
    const echo_of = operation.op_id;
    const all = [operation, ...echoes.map((echo) => ({ ...echo, op_id: uuid(), at, echo_of }))];
    for (const one of all) {
      const key = keyOf(one.kind, one.id);
      this.unwritten.set(one.op_id, one);
      this.queue(key, one);
      this.show(key);
    }
    return all;
  }

  /** @param {Operation[]} operations */
  async write(operations) {
    try {
      await this.db.transaction("rw", this.operations, this.objects, async () => {
        for (const operation of operations) await this.append(operation);
      });
    } catch (error) {
      this.broken.value = String(error);
      return;
    }
    this.broken.value = "";
    for (const { op_id } of operations) this.unwritten.delete(op_id);
    this.tell(operations.map(({ kind, id }) => keyOf(kind, id)));
    this.onwrite();
  }

  /** @param {Operation} operation */
  async append(operation) {
    const key = keyOf(operation.kind, operation.id);
    const some = await this.operations.where("key").equals(key).sortBy("seq");
    const last = some.filter(({ echo_of }) => !echo_of).at(-1);
    if (operation.echo_of || operation.base_version) delete operation.after;
    else if (last) operation.after = last.op_id;
    else if (operation.op !== "create") {
      const row = await this.objects.get(key);
      operation.base_version = row?.content.version ?? 1;
    }
    operation.seq = await this.operations.add({ ...operation, key });
  }

  /** @param {string} op_id */
  async forget(op_id) {
    await this.stuck.delete(op_id);
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
    if (problems) this.problems.value = await this.stuck.toArray();
  }

  /** @param {string[]} keys */
  async reload(keys) {
    const [rows, stored] = await this.db.transaction("r", this.objects, this.operations, () =>
      Promise.all([
        this.objects.bulkGet(keys),
        this.operations.where("key").anyOf(keys).sortBy("seq"),
      ]),
    );
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

  // --- Responses of the server
  // --------------------------------------------------------------------

  /** The next operations to send, in order, as many as fit into a request. */
  async next() {
    await this.written;
    const own = this.operations.orderBy("seq").filter(({ echo_of }) => !echo_of);
    const stored = await own.limit(BATCH).toArray();
    let letters = 0;
    return stored.filter((operation, index) => {
      letters += JSON.stringify(operation.fields ?? {}).length;
      return index === 0 || letters < BATCH_LETTERS;
    });
  }

  /** @param {string} key */
  async note(key) {
    return (await this.meta.get(key))?.value;
  }
}
