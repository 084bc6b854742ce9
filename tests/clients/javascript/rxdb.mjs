// Two databases of RxDB and one account: offline changes on both, lost answers, and what is left.
// Arguments: the address of the server, a token, the id of the account. Prints what both hold.
import assert from "node:assert/strict";
import { createRxDatabase } from "rxdb/plugins/core";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { conflictHandler, replicateTodos } from "./rxdb-adapter.mjs";

const [url, token, account] = process.argv.slice(2);
const text = { type: "string" };
const schema = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: {
    id: { type: "string", maxLength: 36 },
    title: text,
    notes: text,
    status: text,
    tags: { type: "array", items: text },
    version: { type: "number" },
  },
  required: ["id", "title"],
};

let lost = 0; // so many answers to operations get lost
const send = globalThis.fetch;
globalThis.fetch = async (address, request) => {
  const answer = await send(address, request);
  if (request.method !== "POST" || lost === 0) return answer;
  lost -= 1;
  throw new TypeError("the answer was lost");
};

async function device(name) {
  const database = await createRxDatabase({ name, storage: getRxStorageMemory(), multiInstance: false });
  const { todos } = await database.addCollections({ todos: { schema, conflictHandler } });
  const refused = [];
  const onRefused = (operation, result) => refused.push({ operation, result });
  const replication = replicateTodos(todos, { url, token, account, onRefused, retryTime: 50 });
  const online = async () => {
    await replication.start();
    replication.reSync();
    await replication.awaitInSync();
  };
  await replication.awaitInitialReplication();
  return { database, todos, replication, refused, online };
}

const held = async ({ todos }) =>
  Object.fromEntries((await todos.find().exec()).map((it) => [it.id, it.toJSON()]));
const edit = async ({ todos }, id, changes) => (await todos.findOne(id).exec()).patch(changes);

const first = await device("first");
const second = await device("second");
const todo = {};
for (const title of ["both", "split", "tags", "done", "gone", "back"]) {
  todo[title] = crypto.randomUUID();
  await first.todos.insert({ id: todo[title], title, tags: ["a"] });
}
await first.online();
await second.online();
assert.deepEqual(await held(second), await held(first));
assert.equal(Object.keys(await held(first)).length, 6);

await first.replication.pause();
await second.replication.pause();
await edit(first, todo.both, { title: "one" });
await edit(first, todo.both, { title: "two" });
await edit(second, todo.both, { title: "other" });
await edit(first, todo.split, { title: "left" });
await edit(second, todo.split, { notes: "right" });
await edit(first, todo.tags, { tags: ["a", "b"] });
await edit(second, todo.tags, { tags: [] });
await edit(first, todo.done, { status: "finished" });
await edit(second, todo.done, { status: "finished" });
await (await first.todos.findOne(todo.gone).exec()).remove();
await edit(second, todo.gone, { title: "still here" });
await (await second.todos.findOne(todo.back).exec()).remove();
todo.own = crypto.randomUUID();
await second.todos.insert({ id: todo.own, title: "own" });

lost = 2;
await first.online();
await second.online();
await edit(second, todo.own, { title: "own at last" }); // builds on what was answered
await second.online();
await second.todos.insert({ id: todo.back, title: "back again", tags: [] }); // out of the trash
await second.online();
await first.online();
await second.online();
assert.equal(lost, 0);
assert.deepEqual(await held(second), await held(first));

const told = ({ refused }) => refused.map(({ operation, result }) => [operation.id, result.status]);
console.log(JSON.stringify({ todo, held: await held(first), told: [told(first), told(second)] }));
for (const each of [first, second]) await each.database.close();
