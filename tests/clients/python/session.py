"""The generated Python client replays an offline session: URL, token, file of requests.

Prints the version of each object that it has read afterwards.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from nudge_client import ApiClient, Configuration, NewSyncBatch, SyncApi
from nudge_client.exceptions import ApiException


def main(url: str, token: str, session: Path) -> None:
    sync = SyncApi(ApiClient(Configuration(host=url, access_token=token)))
    begun = sync.pull_changes()
    account, at = str(begun.account), begun.cursor
    for request in json.loads(session.read_text().replace("{account}", account)):
        now = datetime.now(UTC).isoformat()
        sent = {"account": account, "sent_at": now, "operations": request["operations"]}
        batch = NewSyncBatch.model_validate({**sent, "cursor": at})
        answer = sync.push_operations(batch)
        assert [it.status.value for it in answer.results] == request["statuses"]
        at = answer.cursor
    held: dict[str, int] = {}
    cursor = None
    while True:
        read = sync.pull_changes(cursor=cursor, limit=3)
        for change in read.changes:
            content = getattr(change, change.kind.value)
            assert change.op == "purge" or content.version == change.version
            held[str(change.id)] = change.version
        cursor = read.cursor
        if not read.has_more:
            break
    try:
        sync.pull_changes(cursor="nowhere")
    except ApiException as error:
        assert (error.status, error.data.errors[0].code) == (410, "resync")  # type: ignore[union-attr]
    print(json.dumps(held))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
