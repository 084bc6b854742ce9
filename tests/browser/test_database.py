"""The browser's database: of an earlier version, and taken away under the page."""

import uuid

import pytest

from tests.browser.app import add, all_sent, eventually, open_page, stored, titles
from tests.builders import make_todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
DELETED = """async (known) => {
    const name = known ?? (await indexedDB.databases())[0].name;
    const request = indexedDB.deleteDatabase(name);
    await new Promise((done) => { request.onsuccess = done; });
    return name;
}"""
# As the page made it before it knew what goes along with an operation.
EARLIER = """async ([name, operation]) => {
    const request = indexedDB.open(name, 10);
    request.onupgradeneeded = () => {
        const db = request.result;
        for (const [store, keyPath] of [["objects", "key"], ["problems", "op_id"], ["meta", "key"]])
            db.createObjectStore(store, { keyPath });
        const queue = db.createObjectStore("operations", { keyPath: "seq", autoIncrement: true });
        for (const index of ["op_id", "key"]) queue.createIndex(index, index);
    };
    const db = await new Promise((done) => { request.onsuccess = () => done(request.result); });
    const written = db.transaction("operations", "readwrite");
    written.objectStore("operations").add(operation);
    await new Promise((done) => { written.oncomplete = done; });
    db.close();
}"""


def test_what_an_earlier_version_of_the_page_has_kept_is_sent(visit, alice, bob):
    make_todo(bob, "bob's")
    page = visit(as_=alice)
    open_page(page)
    todo = str(uuid.uuid4())
    name = page.evaluate(DELETED)
    page.goto("/todos/manifest.webmanifest")
    page.evaluate(DELETED, name)
    fields = {"title": "kept", "position": "a1"}
    operation = {"op_id": str(uuid.uuid4()), "kind": "todo", "id": todo, "op": "create"}
    kept = {**operation, "key": f"todo:{todo}", "at": "2026-11-26T20:00:00Z", "fields": fields}
    page.evaluate(EARLIER, [name, kept])
    open_page(page)
    eventually(lambda: titles(page), ["kept"], page)
    all_sent(page)
    assert (stored(alice), stored(bob)) == (["kept"], ["bob's"])


def test_who_loses_the_database_loses_nothing_that_is_sent_and_goes_on(visit, alice, bob):
    make_todo(alice, "milk")
    make_todo(bob, "bob's")
    page = visit(as_=alice)
    open_page(page)
    page.evaluate(DELETED)  # as another tab that logs out
    add(page, "bread")
    all_sent(page)
    assert stored(alice) == ["bread", "milk"] == titles(page)
    page.reload()
    eventually(lambda: titles(page), ["bread", "milk"], page)
    assert stored(bob) == ["bob's"]
