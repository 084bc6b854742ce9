"""Every tag that a request names is on the to-do afterwards, whether it was known or not."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import make_todo
from tests.todos.admin_forms import TODOS as ADMIN_TODOS
from tests.todos.admin_forms import saved, todo_form
from tests.todos.pages import act
from todos.models import Tag, Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
names = st.lists(st.sampled_from(["home", "Home", "HOME", "shop", "ä", "Ä", "a" * 50]), max_size=7)


def known(owner) -> list[str]:
    return sorted(Tag.objects.owned_by(owner).values_list("name", flat=True))


@given(before=names, asked=names)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("verb", ["post", "patch", "put"])
def test_known_and_new_names_are_all_kept(api, alice, bob, verb, before, asked):
    Todo.objects.all().delete()
    Tag.objects.all().delete()
    phone = api(alice)
    make_todo(alice, "other", tags=before)
    theirs = make_todo(bob, tags=["shop"])
    path = TODOS if verb == "post" else f"{TODOS}{make_todo(alice, tags=before[:2]).pk}/"
    body = {"title": "x", "tags": asked}
    response = getattr(phone, verb)(path, body, headers={"If-Match": "*"})
    expected = sorted(set(asked))
    assert response.json()["tags"] == expected
    assert phone.get(f"{TODOS}{response.json()['id']}/").json()["tags"] == expected
    assert known(alice) == sorted({*before, *asked})
    assert [tag.name for tag in theirs.tags.all()] == known(bob) == ["shop"]


def test_an_undo_brings_back_the_tags_that_are_gone_and_those_that_are_not(browser, alice, bob):
    make_todo(alice, "other", tags=["home"])
    theirs = make_todo(bob, tags=["home", "shop"])
    todo = make_todo(alice, tags=["Home", "home", "shop"])
    browser.post(act("delete", todo))
    Tag.objects.get(owner=alice, name="shop").delete()
    browser.post("/todos/undo/")
    assert [tag.name for tag in todo.tags.all()] == ["Home", "home", "shop"]
    assert {tag.owner for tag in todo.tags.all()} == {alice}
    assert theirs.tags.count() == 2


def test_the_admin_adds_a_tag_and_keeps_the_others(web, staff, alice, bob):
    todo = make_todo(alice, tags=["home", "shop"])
    make_todo(alice, "other", tags=["Home"])
    make_todo(bob, tags=["Home"])
    chosen = [tag.pk for tag in Tag.objects.owned_by(alice).exclude(name="shop")]
    saved(web(staff).post(f"{ADMIN_TODOS}{todo.pk}/change/", todo_form(todo, tags=chosen)))
    assert [tag.name for tag in todo.tags.all()] == ["Home", "home"]
    assert known(alice) == ["Home", "home", "shop"]


def test_a_tag_of_the_same_name_in_another_case_is_another_tag(api, alice, bob):
    make_todo(bob, "bob's", tags=["home"])
    moment = datetime(2026, 12, 1, tzinfo=UTC)
    for number, name in enumerate(["home", "Home", "HOME"]):
        make_todo(alice, name, tags=[name], position=number, due_at=moment)
    phone = api(alice)
    for name in ("home", "Home", "HOME"):
        found = phone.get(TODOS, {"tag": name}).json()["results"]
        assert [(row["title"], row["tags"]) for row in found] == [(name, [name])]
