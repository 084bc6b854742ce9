"""Every tag that a request names is on the to-do afterwards, whether it was known or not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.text import fold
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
    found = response.json()["tags"]
    assert sorted(map(fold, found)) == sorted({*map(fold, asked)})
    assert phone.get(f"{TODOS}{response.json()['id']}/").json()["tags"] == found
    assert {*found} <= {*before, *asked}
    assert sorted(map(fold, known(alice))) == sorted({*map(fold, (*before, *asked))})
    assert [tag.name for tag in theirs.tags.all()] == known(bob) == ["shop"]


def test_an_undo_brings_back_the_tags_that_are_gone_and_those_that_are_not(browser, alice, bob):
    make_todo(alice, "other", tags=["Home"])
    theirs = make_todo(bob, tags=["home", "shop"])
    todo = make_todo(alice, tags=["home", "shop"])
    browser.post(act("delete", todo))
    Tag.objects.get(owner=alice, name="shop").delete()
    browser.post("/todos/undo/")
    assert [tag.name for tag in todo.tags.all()] == ["Home", "shop"]
    assert {tag.owner for tag in todo.tags.all()} == {alice}
    assert theirs.tags.count() == 2


def test_the_admin_adds_a_tag_and_keeps_the_others(web, staff, alice, bob):
    todo = make_todo(alice, tags=["home", "shop"])
    make_todo(alice, "other", tags=["garden"])
    make_todo(bob, tags=["garden"])
    chosen = [tag.pk for tag in Tag.objects.owned_by(alice).exclude(name="shop")]
    saved(web(staff).post(f"{ADMIN_TODOS}{todo.pk}/change/", todo_form(todo, tags=chosen)))
    assert [tag.name for tag in todo.tags.all()] == ["garden", "home"]
    assert known(alice) == ["garden", "home", "shop"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("home", "HOME"),
        ("Straße", "STRASSE"),
        ("Café", "Cafe\u0301"),
        ("fin", "ﬁn"),
        ("a b", "a\u3000B"),
    ],
)
def test_names_that_fold_to_one_are_one_tag_and_the_first_spelling_stays(
    api, alice, bob, first, second
):
    make_todo(bob, "bob's", tags=[second])
    phone = api(alice)
    for title, tags in (("a", [first]), ("b", [second, first]), ("c", [second])):
        answer = phone.post(TODOS, {"title": title, "tags": tags})
        assert (answer.status_code, answer.json()["tags"]) == (201, [first])
    for name in (first, second):
        found = phone.get(TODOS, {"tag": name}).json()["results"]
        assert sorted(row["title"] for row in found) == ["a", "b", "c"]
    assert known(alice) == [first]
    assert known(bob) == [Tag(name=second)._meta.get_field("name").to_python(second)]


def test_a_tag_that_the_release_before_has_made_is_used_and_not_doubled(alice):
    """It knows no column of folded names: until the nightly job has filled it, it is empty."""
    Tag.objects.create(owner=alice, name="home")
    Tag.objects.update(folded=None)
    make_todo(alice, tags=["home"])
    assert known(alice) == ["home"]
