// Writes responses of the server into the browser's database, each in one transaction.
import { keyOf } from "#app/model.js";
import { outcome } from "#app/settle.js";

/** @typedef {import("#app/store.js").Store} Store */
/** @typedef {import("#app/store.js").Stored} Stored */
/** @typedef {import("#app/store.js").Answer} Answer */
/** @typedef {import("#app/store.js").Change} Change */
/** @typedef {import("#app/store.js").Row} Row */

/** The cursor is invalid: read from the beginning, and drop objects that are missing.
 * @param {Store} store
 */
export async function beginAgain(store) {
  await store.db.transaction("rw", store.meta, store.objects, async () => {
    await store.meta.put({
      key: "unseen",
      value: await store.objects.toCollection().primaryKeys(),
    });
    await store.meta.delete("cursor");
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
  const tables = [store.objects, store.operations, store.stuck, store.meta];
  await store.db.transaction("rw", tables, async () => {
    await settle(store, sent, answer, keys);
    await learn(store, answer.changes, keys);
    await sweep(store, answer, keys);
    await store.meta.put({ key: "cursor", value: answer.cursor });
  });
  if (keys.size) await store.reload([...keys]);
  if (!answer.has_more) store.complete.value = true;
  if (sent.length) store.problems.value = await store.stuck.toArray();
  if (keys.size) store.tell([...keys], sent.length > 0);
}

/** @param {Store} store @param {Stored[]} sent @param {Answer} answer @param {Set<string>} keys */
async function settle(store, sent, { results = [] }, keys) {
  for (const [index, operation] of sent.entries()) {
    const result = results[index];
    if (!result || result.op_id !== operation.op_id) continue;
    keys.add(operation.key);
    const mine = store.get(operation.kind, operation.id);
    const { id, base, known, problem, again } = outcome(operation, result, mine);
    await store.operations.where("op_id").equals(operation.op_id).delete();
    const key = keyOf(operation.kind, id);
    keys.add(key);
    if (base) await store.objects.put({ key, kind: operation.kind, content: base });
    else if (known) await store.objects.delete(key);
    if (problem) await store.stuck.put(problem);
    if (again) await store.operations.add({ ...again, key });
    await follow(store, operation, again, keys);
  }
}

/** Changes that follow from an operation are dropped with it, or wait for the operation that replaces it.
 * @param {Store} store
 * @param {Stored} operation
 * @param {{op_id: string} | undefined} again
 * @param {Set<string>} keys
 */
async function follow(store, { op_id }, again, keys) {
  const echoes = store.operations.where("echo_of").equals(op_id);
  for (const { key } of await echoes.toArray()) keys.add(key);
  if (again) await echoes.modify({ echo_of: again.op_id });
  else await echoes.delete();
}

/** @param {Store} store @param {Change[]} changes @param {Set<string>} keys */
async function learn(store, changes, keys) {
  const names = changes.map(({ kind, id }) => keyOf(kind, id));
  const held = await store.objects.bulkGet(names);
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
  await store.objects.bulkPut(fresh);
  await store.objects.bulkDelete(gone);
}

/** @param {Store} store @param {Answer} answer @param {Set<string>} keys */
async function sweep(store, { changes, has_more }, keys) {
  const kept = await store.meta.get("unseen");
  if (!kept) return;
  const seen = new Set(changes.map(({ kind, id }) => keyOf(kind, id)));
  const unseen = kept.value.filter((/** @type {string} */ key) => !seen.has(key));
  if (has_more) return void (await store.meta.put({ key: "unseen", value: unseen }));
  await store.objects.bulkDelete(unseen);
  await store.meta.delete("unseen");
  for (const key of unseen) keys.add(key);
}
