"""Every tag that a request names is on the to-do afterwards, whether it was known or not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.values import fold
from tests.builders import make_todo
from tests.todos.admin_forms import TAGS as ADMIN_TAGS
from tests.todos.admin_forms import TODOS as ADMIN_TODOS
from tests.todos.admin_forms import errors, run, saved, todo_form
from tests.todos.pages import act
from todos.models import Tag, Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
names = st.lists(st.sampled_from(["home", "Home", "HOME", "shop", "ä", "Ä", "a" * 50]), max_size=7)


def known(owner) -> list[str]:
    return sorted(Tag.objects.owned_by(owner).values_list("name", flat=True))


@pytest.mark.wide
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


def test_an_undo_brings_back_the_tags_that_are_there_still(browser, alice, bob):
    make_todo(alice, "other", tags=["Home"])
    theirs = make_todo(bob, tags=["home", "shop"])
    todo = make_todo(alice, tags=["home", "shop"])
    browser.post(act("delete", todo))
    Tag.objects.get(owner=alice, name="shop").delete()
    browser.post("/todos/undo/")
    assert [tag.name for tag in todo.tags.all()] == ["Home"]
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


def test_of_two_spellings_the_first_one_is_kept(alice, bob):
    make_todo(bob, tags=["HOME"])
    [made] = Tag.objects.named(alice, ["Home", "home"])
    assert (made.name, made.owner) == ("Home", alice)


def test_the_admin_renames_a_tag_and_search_follows(web, staff, api, alice, bob):
    todo = make_todo(alice, tags=["home", "shop"])
    make_todo(bob, tags=["home"])
    tag = Tag.objects.get(owner=alice, name="home")
    saved(web(staff).post(f"{ADMIN_TAGS}{tag.pk}/change/", {"name": "Gar\u00adten"}))
    phone = api(alice)
    for text, expected in (("garten", [str(todo.pk)]), ("home", []), ("shop", [str(todo.pk)])):
        found = phone.get(TODOS, {"q": text}).json()["results"]
        assert [row["id"] for row in found] == expected
    run(web(staff), ADMIN_TAGS, "delete_selected", tag, post="yes")
    web(staff).post(f"{ADMIN_TAGS}{Tag.objects.get(owner=alice).pk}/delete/", {"post": "yes"})
    assert known(alice) == []
    assert known(bob) == ["home"]
    assert Todo.objects.get(pk=todo.pk).folded_tags == ""


def test_the_admin_refuses_a_name_that_folds_to_another_of_the_owner(web, staff, alice, bob):
    make_todo(alice, tags=["Straße", "shop"])
    make_todo(bob, tags=["garden"])
    path = f"{ADMIN_TAGS}{Tag.objects.get(owner=alice, name='shop').pk}/change/"
    assert errors(web(staff).post(path, {"name": "STRASSE"})) == {
        "__all__": ["There is a tag of this name."]
    }
    assert errors(web(staff).post(path, {"name": "\u200b"}))["name"] == ["This field is required."]
    assert known(alice) == ["Straße", "shop"]
    saved(web(staff).post(path, {"name": "GARDEN"}))
    assert known(alice) == ["GARDEN", "Straße"]


def test_the_admin_adds_a_todo_whose_tags_are_found(web, staff, api, alice):
    make_todo(alice, "other", tags=["home"])
    tag = Tag.objects.get(owner=alice)
    form = {"owner": alice.pk, "list": alice.lists.get().pk, "title": "new", "priority": 0}
    form |= {"notes": "", "recurrence_from": "due", "tags": [tag.pk]}
    saved(web(staff).post(f"{ADMIN_TODOS}add/", form))
    found = api(alice).get(TODOS, {"q": "HOME new"}).json()["results"]
    assert [row["title"] for row in found] == ["new"]
