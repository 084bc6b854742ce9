// The browser's database of one account, and all of it in memory: objects as the server has them,
// and the operations that it has not confirmed. What is shown is both together.
import { batch, signal } from "@preact/signals";
import { Dexie } from "dexie";
import { keyOf, replayed } from "#app/model.js";
import { outcome } from "#app/settle.js";

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
const BATCH_LETTERS = 200_000; // of which the server takes a mebibyte, whatever alphabet they are of

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

  // --- What is shown ------------------------------------------------------------------------------

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
    const now = replayed(this.bases.get(key), this.pending.get(key) ?? []);
    if (now) this.all(kind).set(id, now);
    else this.all(kind).delete(id);
  }

  changed() {
    let count = 0;
    let since = "";
    for (const some of this.pending.values()) {
      count += some.length;
      const first = some[0]?.at ?? "";
      if (first && (!since || first < since)) since = first;
    }
    batch(() => {
      this.revision.value++;
      if (this.waiting.value.count !== count) this.waiting.value = { count, since };
    });
  }

  // --- What the person does -----------------------------------------------------------------------

  /**
   * Shows it at once, and stores it behind what was done before.
   * @param {Deed[]} deeds
   */
  commit(deeds) {
    const at = new Date().toISOString();
    const operations = deeds.map((deed) => ({ ...deed, op_id: uuid(), at }));
    for (const operation of operations) {
      const key = keyOf(operation.kind, operation.id);
      this.unwritten.set(operation.op_id, operation);
      this.queue(key, operation);
      this.show(key);
    }
    this.changed();
    this.written = this.written.then(() => this.write(operations));
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
    const last = await this.operations.where("key").equals(key).last();
    if (operation.base_version) delete operation.after;
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

  // --- What the server says -----------------------------------------------------------------------

  /** What to send next: operations in their order, as many as one request takes. */
  async next() {
    await this.written;
    const stored = await this.operations.orderBy("seq").limit(BATCH).toArray();
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

  /** The cursor leads nowhere: read from the beginning, and drop what does not come. */
  async beginAgain() {
    await this.db.transaction("rw", this.meta, this.objects, async () => {
      await this.meta.put({
        key: "unseen",
        value: await this.objects.toCollection().primaryKeys(),
      });
      await this.meta.delete("cursor");
    });
  }

  /**
   * An answer, stored whole or not at all.
   * @param {Stored[]} sent
   * @param {Answer} answer
   */
  async take(sent, answer) {
    /** @type {Set<string>} */
    const keys = new Set();
    const tables = [this.objects, this.operations, this.stuck, this.meta];
    await this.db.transaction("rw", tables, async () => {
      await this.settle(sent, answer, keys);
      await this.learn(answer.changes, keys);
      await this.sweep(answer, keys);
      await this.meta.put({ key: "cursor", value: answer.cursor });
    });
    if (keys.size) await this.reload([...keys]);
    if (!answer.has_more) this.complete.value = true;
    if (sent.length) this.problems.value = await this.stuck.toArray();
    if (keys.size) this.tell([...keys], sent.length > 0);
  }

  /** @param {Stored[]} sent @param {Answer} answer @param {Set<string>} keys */
  async settle(sent, { results = [] }, keys) {
    for (const [index, operation] of sent.entries()) {
      const result = results[index];
      if (!result || result.op_id !== operation.op_id) continue;
      keys.add(operation.key);
      const mine = this.get(operation.kind, operation.id);
      const { id, base, known, problem, again } = outcome(operation, result, mine);
      await this.operations.where("op_id").equals(operation.op_id).delete();
      const key = keyOf(operation.kind, id);
      keys.add(key);
      if (base) await this.objects.put({ key, kind: operation.kind, content: base });
      else if (known) await this.objects.delete(key);
      if (problem) await this.stuck.put(problem);
      if (again) await this.operations.add({ ...again, key });
    }
  }

  /** @param {Change[]} changes @param {Set<string>} keys */
  async learn(changes, keys) {
    const names = changes.map(({ kind, id }) => keyOf(kind, id));
    const held = await this.objects.bulkGet(names);
    /** @type {Row[]} */
    const fresh = [];
    /** @type {string[]} */
    const gone = [];
    changes.forEach((change, index) => {
      const key = names[index] ?? "";
      const before = held[index];
      if (change.op === "purge") gone.push(key);
      else if (!change[change.kind]) return;
      else if (before && before.content.version > change.version) return;
      else fresh.push({ key, kind: change.kind, content: change[change.kind] });
      keys.add(key);
    });
    await this.objects.bulkPut(fresh);
    await this.objects.bulkDelete(gone);
  }

  /** @param {Answer} answer @param {Set<string>} keys */
  async sweep({ changes, has_more }, keys) {
    const kept = await this.meta.get("unseen");
    if (!kept) return;
    const seen = new Set(changes.map(({ kind, id }) => keyOf(kind, id)));
    const unseen = kept.value.filter((/** @type {string} */ key) => !seen.has(key));
    if (has_more) return void (await this.meta.put({ key: "unseen", value: unseen }));
    await this.objects.bulkDelete(unseen);
    await this.meta.delete("unseen");
    for (const key of unseen) keys.add(key);
  }
}

/** Also where `crypto.randomUUID` is missing: on a page without TLS. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
