// The generated TypeScript client replays an offline session: URL, token, file of requests.
// Prints the version of each object that it has read afterwards.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ApiErrorFromJSON, Configuration, NewSyncBatchFromJSON, ResponseError, SyncApi } from "./index";

const [url, token, session] = process.argv.slice(2) as [string, string, string];

async function main(): Promise<void> {
  const sync = new SyncApi(new Configuration({ basePath: url, accessToken: token }));
  const first = await sync.pullChanges();
  const { account } = first;
  const requests = JSON.parse(readFileSync(session, "utf8").replaceAll("{account}", account));
  let { cursor } = first;
  for (const { operations, statuses } of requests) {
    const sent_at = new Date().toISOString();
    const newSyncBatch = NewSyncBatchFromJSON({ account, cursor, sent_at, operations });
    const answer = await sync.pushOperations({ newSyncBatch });
    assert.deepEqual(answer.results.map((it) => it.status), statuses);
    cursor = answer.cursor;
  }
  const held: Record<string, number> = {};
  for (let page = await sync.pullChanges({ limit: 3 }); ; ) {
    for (const change of page.changes) {
      const content = change[change.kind];
      assert(change.op === "purge" || content?.version === change.version);
      held[change.id] = change.version;
    }
    if (!page.hasMore) break;
    page = await sync.pullChanges({ limit: 3, cursor: page.cursor });
  }
  const lost = await sync.pullChanges({ cursor: "nowhere" }).catch((error: unknown) => error);
  assert(lost instanceof ResponseError && lost.response.status === 410);
  assert.equal(ApiErrorFromJSON(await lost.response.json()).errors[0]?.code, "resync");
  console.log(JSON.stringify(held));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
