// What the server says, written into the browser's database: whole or not at all.
import { got } from "#app/database.js";
import { keyOf } from "#app/model.js";
import { outcome } from "#app/settle.js";
import { each } from "#app/store.js";

/** @typedef {import("#app/store.js").Store} Store */
/** @typedef {import("#app/store.js").Stored} Stored */
/** @typedef {import("#app/store.js").Answer} Answer */
/** @typedef {import("#app/store.js").Change} Change */
/** @typedef {{objects: IDBObjectStore, operations: IDBObjectStore, stuck: IDBObjectStore, meta: IDBObjectStore}} Stores of one transaction */

const ALL = ["objects", "operations", "problems", "meta"];

/** The cursor is invalid: read from the beginning, and drop objects that are missing.
 * @param {Store} store
 */
export async function beginAgain(store) {
  await store.db.run("readwrite", ["meta", "objects"], async (meta, objects) => {
    meta.put({ key: "unseen", value: await got(objects.getAllKeys()) });
    await got(meta.delete("cursor"));
  });
}

/**
 * Stores a response in one transaction.
 * @param {Store} store
 * @param {Stored[]} sent
 * @param {Answer} answer
 */
export async function take(store, sent, answer) {
  /** @type {Set<string>} */
  const keys = new Set();
  await store.db.run("readwrite", ALL, async (...all) => {
    const [objects, operations, stuck, meta] = /** @type {[any, any, any, any]} */ (all);
    const stores = { objects, operations, stuck, meta };
    await settle(store, stores, sent, answer, keys);
    await learn(stores, answer.changes, keys);
    await sweep(stores, answer, keys);
    await got(meta.put({ key: "cursor", value: answer.cursor }));
  });
  if (keys.size) await store.reload([...keys]);
  if (!answer.has_more) store.complete.value = true;
  if (sent.length) await store.readProblems();
  if (keys.size) store.tell([...keys], sent.length > 0);
}

/** @param {Store} store @param {Stores} stores @param {Stored[]} sent @param {Answer} answer @param {Set<string>} keys */
async function settle(store, stores, sent, { results = [] }, keys) {
  const { objects, operations, stuck } = stores;
  for (const [index, operation] of sent.entries()) {
    const result = results[index];
    if (!result || result.op_id !== operation.op_id) continue;
    keys.add(operation.key);
    const mine = store.get(operation.kind, operation.id);
    const { id, base, known, problem, again } = outcome(operation, result, mine);
    for (const seq of await got(operations.index("op_id").getAllKeys(operation.op_id)))
      operations.delete(seq);
    const key = keyOf(operation.kind, id);
    keys.add(key);
    if (base) objects.put({ key, kind: operation.kind, content: base });
    else if (known) objects.delete(key);
    if (problem) stuck.put(problem);
    if (again) operations.add({ ...again, key });
    await follow(operations, operation, again, keys);
  }
}

/** What goes along with an operation goes with it, or waits for the one that is sent instead.
 * @param {IDBObjectStore} operations
 * @param {Stored} operation
 * @param {{op_id: string} | undefined} again
 * @param {Set<string>} keys
 */
async function follow(operations, { op_id }, again, keys) {
  for (const echo of await got(operations.index("echo_of").getAll(op_id))) {
    keys.add(echo.key);
    if (again) operations.put({ ...echo, echo_of: again.op_id });
    else operations.delete(echo.seq);
  }
}

/** @param {Stores} stores @param {Change[]} changes @param {Set<string>} keys */
async function learn({ objects }, changes, keys) {
  const names = changes.map(({ kind, id }) => keyOf(kind, id));
  const held = await each(objects, names);
  changes.forEach((change, index) => {
    const key = names[index] ?? "";
    const before = held[index];
    if (change.op === "purge") objects.delete(key);
    else if (!change[change.kind]) return;
    else if (before && before.content.version > change.version) return;
    else objects.put({ key, kind: change.kind, content: change[change.kind] });
    keys.add(key);
  });
}

/** @param {Stores} stores @param {Answer} answer @param {Set<string>} keys */
async function sweep({ objects, meta }, { changes, has_more }, keys) {
  const kept = await got(meta.get("unseen"));
  if (!kept) return;
  const seen = new Set(changes.map(({ kind, id }) => keyOf(kind, id)));
  const unseen = kept.value.filter((/** @type {string} */ key) => !seen.has(key));
  if (has_more) return void meta.put({ key: "unseen", value: unseen });
  meta.delete("unseen");
  for (const key of unseen) {
    objects.delete(key);
    keys.add(key);
  }
}
