"""A client of /api/v1/sync/ that works offline: what one account has on one device."""

import json
import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib import error, request

DONE = ("applied", "merged", "replayed")
KEPT = timedelta(days=30)  # what was done is sent again to a database that was restored


class Device:
    def __init__(self, url: str, token: str, path: Path) -> None:
        self.url, self.token, self.path, self.most = f"{url}/api/v1/sync/", token, path, 100
        new: Any = {"objects": {}, "stale": {}, "queue": [], "done": [], "refused": []}
        self.state = json.loads(path.read_text()) if path.exists() else new

    def do(self, kind: str, op: str, key: str = "", **more: Any) -> str:
        """Queue an operation with its `fields` and `clear`; it needs no network."""
        key, at = key or str(uuid.uuid4()), datetime.now(UTC).isoformat()
        sent = {"op_id": str(uuid.uuid4()), "kind": kind, "id": key, "op": op, "at": at, **more}
        if queued := [it["op_id"] for it in self.state["queue"] if it["id"] == key]:
            sent["after"] = queued[-1]
        elif op != "create":
            sent["base_version"] = self.state["objects"][key]["version"]
        self.state["queue"].append(sent)
        self._save()
        return key

    def sync(self) -> None:
        """Push and pull until nothing is left; `state["refused"]` is for the person to see."""
        more = True
        while more:
            known = {name: self.state[name] for name in ("account", "cursor") if name in self.state}
            sent = self.state["queue"][: self.most] if known else []
            try:
                page = self._ask(known and {**known, "operations": sent})
                self._take(sent, page)
                more = page["has_more"] or self.state["queue"]
            except error.HTTPError as answer:
                if answer.code == 410:
                    self._begin_anew()
                elif answer.code == 413 and len(sent) > 1:
                    self.most = len(sent) // 2
                else:  # 401: log in again; 409 `other_account`: that person needs another Device
                    raise
            self._save()

    def _ask(self, body: Any) -> Any:
        """Again and again: what arrives twice is done once."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        for attempt in range(8):
            wait, sent_at = 2.0**attempt, datetime.now(UTC).isoformat()
            data = json.dumps({**body, "sent_at": sent_at}).encode() if body else None
            try:
                with request.urlopen(request.Request(self.url, data, headers), timeout=60) as page:
                    return json.load(page)
            except error.HTTPError as answer:
                if answer.code != 429 and answer.code < 500:
                    raise
                wait = float(answer.headers.get("Retry-After", wait))
            except (OSError, HTTPException):  # no network, or a lost answer
                pass
            time.sleep(wait * random.uniform(1, 1.5))
        raise ConnectionError("The server cannot be reached. What is queued stays queued.")

    def _take(self, sent: list[Any], page: Any) -> None:
        state, results = self.state, page.get("results", [])
        for operation, result in zip(sent, results, strict=True):
            is_done = result["status"] in DONE
            state["done" if is_done else "refused"].append({"sent": operation, "result": result})
            for it in [it for it in state["queue"] if it["id"] == operation["id"]]:
                it["id"] = result.get("id", it["id"])  # of a tag whose name was there already
        for told in (*results, *page["changes"]):
            self._keep(told, told.get("id"))
        state |= {"account": page["account"], "cursor": page["cursor"]}
        state["queue"] = state["queue"][len(sent) :]
        begin = (datetime.now(UTC) - KEPT).isoformat()
        state["done"] = [it for it in state["done"] if it["sent"]["at"] > begin]
        while not page["has_more"] and state["stale"]:
            state["objects"].pop(state["stale"].popitem()[0], None)

    def _keep(self, told: Any, key: str) -> None:
        """As `{"kind": ..., "version": ..., "todo": {...}}`, unless a later version is held."""
        objects, stale = self.state["objects"], self.state["stale"]
        held = 0 if key in stale or key not in objects else objects[key]["version"]
        if told.get("op") == "purge":
            objects.pop(key, None)
        elif told.get("kind") in told and told["version"] >= held:
            objects[key] = told
            stale.pop(key, None)

    def _begin_anew(self) -> None:
        """The database was restored: send again what it said was done, and read all of it."""
        del self.state["cursor"]
        again = [it["sent"] for it in self.state["done"]]
        stale = dict.fromkeys(self.state["objects"], True)
        self.state |= {"queue": [*again, *self.state["queue"]], "done": [], "stale": stale}

    def _save(self) -> None:
        written = self.path.with_suffix(".new")
        written.write_text(json.dumps(self.state))
        written.replace(self.path)  # all of it or nothing
