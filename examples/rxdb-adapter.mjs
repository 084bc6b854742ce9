// The to-dos of an account in RxDB 17; those in the trash are deleted there. docs/sync.md tells more.
import { replicateRxCollection } from "rxdb/plugins/replication";

const READ_ONLY = /^_|^(id|version|created_by|(created|deleted|due|finished|updated)_at)$/;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const written = (todo) => Object.entries(todo).filter(([name]) => !READ_ONLY.test(name)).sort();
const toDocument = (todo) => ({ ...todo, _deleted: todo.deleted_at !== null });

export const conflictHandler = {
  isEqual: (one, other) =>
    same([one.version, one._deleted, written(one)], [other.version, other._deleted, written(other)]),
  resolve: ({ realMasterState }) => realMasterState,
};

/** What was done to a document since the server said `master` of it. */
function* doneSince(master, now, isNew) {
  const fields = Object.fromEntries(written(now).filter(([name, it]) => !same(it, master[name])));
  if (fields.tags && !isNew) {
    fields.tags_added = fields.tags.filter((it) => !master.tags?.includes(it));
    fields.tags_removed = (master.tags ?? []).filter((it) => !fields.tags.includes(it));
    delete fields.tags; // sets are merged, whole lists collide
  }
  if (master._deleted && !now._deleted) yield { op: "restore" };
  if (isNew || Object.keys(fields).length) yield { op: isNew ? "create" : "update", fields };
  if (now._deleted && !master._deleted) yield { op: "trash" };
}

export function replicateTodos(collection, { url, token, account, onRefused, ...options }) {
  const sent = new Map(); // by id: what was sent last, until RxDB has taken the answer

  async function ask(query, body) {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const sending = { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) };
    const answer = await fetch(`${url}/api/v1/sync/?${new URLSearchParams(query)}`, sending);
    if (!answer.ok && answer.status !== 410) throw new Error(`${answer.status}`); // RxDB tries again
    return answer.ok ? answer.json() : null;
  }

  async function pull(checkpoint, limit) {
    const found = new Map();
    let [cursor, anew, more] = [checkpoint?.cursor, false, true];
    while (more && (anew || found.size < limit)) {
      const page = await ask(cursor ? { limit, cursor } : { limit });
      if (!page) anew = true; // the database was restored: what does not come is no longer there
      for (const { kind, id, version, todo } of page?.changes ?? [])
        if (kind === "todo") found.set(id, todo ? toDocument(todo) : { id, version, _deleted: true });
      [cursor, more] = [page?.cursor, page?.has_more ?? true];
    }
    for (const { id, version } of anew ? await collection.find().exec() : [])
      if (!found.has(id)) found.set(id, { id, version, _deleted: true });
    return { documents: [...found.values()], checkpoint: { cursor } };
  }

  function operationsOf({ newDocumentState: now, assumedMasterState: master }) {
    const before = sent.get(now.id)?.base === master?.version && sent.get(now.id);
    let [operations, last] = before ? [[...before.unanswered], before.last] : [[]];
    for (const it of doneSince(master ?? {}, now, !master && !before)) {
      const built = last ? { after: last } : master && { base_version: master.version };
      const told = { op_id: crypto.randomUUID(), kind: "todo", id: now.id, at: new Date(), ...it };
      operations.push({ ...told, ...built });
      last = told.op_id;
    }
    sent.set(now.id, { base: master?.version, unanswered: operations, last });
    return operations;
  }

  async function push(rows) {
    const [operations, answers] = [rows.flatMap(operationsOf), new Map()];
    if (operations.length === 0) return [];
    const { results } = await ask({}, { account, sent_at: new Date(), operations });
    results.forEach((result, number) => {
      const { id } = operations[number];
      if (!/applied|merged|replayed/.test(result.status)) onRefused?.(operations[number], result);
      if (result.todo || !answers.has(id)) answers.set(id, result);
    });
    return rows.flatMap(({ newDocumentState: now, assumedMasterState: master }) => {
      const answer = answers.get(now.id);
      if (!answer) return [];
      sent.get(now.id).unanswered = [];
      const isGone = !master || /deleted|not_found/.test([answer.status, answer.code]);
      const other = isGone ? { ...now, _deleted: true } : master;
      return [answer.todo ? toDocument(answer.todo) : other]; // with its new version
    });
  }

  const both = { pull: { handler: pull, batchSize: 500 }, push: { handler: push, batchSize: 30 } };
  const replicationIdentifier = `${url} ${account}`;
  return replicateRxCollection({ collection, replicationIdentifier, ...both, ...options });
}
