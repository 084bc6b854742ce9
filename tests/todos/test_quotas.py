"""An account holds at most so much, through every entry point, and to the last row in a race."""

import functools

import pytest
from django.db import transaction

from core.models import Counter, IdempotencyKey
from core.quotas import QuotaReached
from tests.builders import make_list, make_todo
from tests.todos.pages import PAGE
from tests.todos.test_races import at_once, phones_of
from todos import quotas
from todos.models import List, Tag, Todo, Usage

pytestmark = pytest.mark.django_db
TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
NOTE = "\N{GRINNING FACE}" * 10  # 40 bytes in UTF-8


def refusal(limit: str, things: str, name: str) -> str:
    return f"Your account may have {limit} {things} (quota {name}). Delete some permanently first."


def assert_refused(response, detail: str) -> None:
    error = {"code": "quota_reached", "detail": detail, "attr": None}
    assert (response.status_code, response.json()) == (
        409,
        {"type": "client_error", "errors": [error]},
    )


def rows() -> dict[str, list]:
    models = (List, Todo, Tag)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@pytest.fixture
def full(settings, alice, bob) -> dict[str, object]:
    """Alice holds as much as she may of each: a list, a to-do with a note, and a tag."""
    todo = make_todo(alice, "hers", notes=NOTE, tags=["home"], list=make_list(alice))
    make_todo(alice, "in the inbox")
    make_todo(bob, "his", tags=["home", "office"])
    settings.QUOTA_LISTS, settings.QUOTA_TODOS, settings.QUOTA_TAGS = 1, 2, 1
    settings.QUOTA_BYTES = 40
    return {"todo": todo, "list": todo.list}


# Every way in that adds something, and the quota that is in its way.
REFUSED = {
    "POST a list": (
        lambda phone, full: phone.post(LISTS, {"name": "x"}),
        ("1", "lists besides the inbox", "lists"),
    ),
    "POST a to-do": (
        lambda phone, full: phone.post(TODOS, {"title": "x"}),
        ("2", "to-dos", "todos"),
    ),
    "PATCH tags": (
        lambda phone, full: phone.patch(f"{TODOS}{full['todo'].pk}/", {"tags": ["home", "new"]}),
        ("1", "tags", "tags"),
    ),
    "PATCH notes": (
        lambda phone, full: phone.patch(f"{TODOS}{full['todo'].pk}/", {"notes": NOTE + "x"}),
        ("40", "bytes of notes", "bytes"),
    ),
    "PUT notes": (
        lambda phone, full: phone.put(
            f"{TODOS}{full['todo'].pk}/",
            {"title": "x", "notes": NOTE + "x"},
            headers={"If-Match": "*"},
        ),
        ("40", "bytes of notes", "bytes"),
    ),
}


@pytest.mark.parametrize("way", REFUSED)
def test_what_is_too_much_is_409_and_changes_nothing(api, alice, full, way):
    ask, (limit, things, name) = REFUSED[way]
    before = rows()
    assert_refused(ask(api(alice), full), refusal(limit, things, name))
    assert rows() == before


def test_what_adds_nothing_is_done(api, alice, bob, full):
    phone, url = api(alice), f"{TODOS}{full['todo'].pk}/"
    changes: list[dict] = [{"title": "y"}, {"notes": "y" * 40}, {"tags": ["home"]}, {"tags": []}]
    for change in changes:
        assert phone.patch(url, change).status_code == 200
    assert api(bob).post(LISTS, {"name": "his"}).status_code == 201


@pytest.mark.parametrize(("field", "value"), [("notes", NOTE + "x"), ("tags", ["home", "new"])])
def test_a_new_todo_is_refused_by_each_of_its_quotas(api, alice, full, settings, field, value):
    settings.QUOTA_TODOS = 9
    settings.QUOTA_BYTES = 80
    before = rows()
    response = api(alice).post(TODOS, {"title": "x", field: value})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "quota_reached")
    assert rows() == before


def test_removing_something_makes_room(api, alice, full):
    phone = api(alice)
    assert phone.post(TODOS, {"title": "x"}).status_code == 409
    phone.delete(f"{TODOS}{full['todo'].pk}/")
    assert phone.delete("/api/v1/trash/").status_code == 204  # which takes room too
    assert phone.post(TODOS, {"title": "x", "notes": NOTE}).status_code == 201
    assert phone.post(TODOS, {"title": "y"}).status_code == 409


def test_a_refusal_is_no_answer_to_keep(api, alice, full):
    """The same key and body may do after something was removed."""
    phone, key = api(alice), {"Idempotency-Key": "k"}
    assert phone.post(TODOS, {"title": "x"}, headers=key).status_code == 409
    phone.delete(f"{TODOS}{full['todo'].pk}/")
    assert phone.delete("/api/v1/trash/").status_code == 204  # which takes room too
    assert phone.post(TODOS, {"title": "x"}, headers=key).status_code == 201


def test_the_page_says_that_the_account_is_full(browser, full):
    before = rows()
    response = browser.post(PAGE, {"title": "one more"})
    assert response.status_code == 422
    assert refusal("2", "to-dos", "todos") in response.text
    assert 'value="one more"' in response.text
    assert rows() == before


def test_the_trash_takes_room_so_an_undo_always_has_it(browser, full, alice):
    browser.post(f"{PAGE}{full['todo'].pk}/delete/")
    with pytest.raises(QuotaReached), transaction.atomic():
        make_todo(alice, "quicker")
    browser.post(f"{PAGE}undo/")
    assert Todo.objects.owned_by(alice).filter(pk=full["todo"].pk).exists()


def test_an_operator_may_exceed_them(web, staff, full):
    operator = web(staff)
    url = f"/admin/todos/todo/{full['todo'].pk}/change/"
    form = operator.get(url).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    data |= {"notes": NOTE * 2, "tags": [tag.pk for tag in full["todo"].tags.all()]}
    response = operator.post(url, {**data, "due_0": "", "due_1": "", "due_2": ""})
    assert response.status_code == 302
    assert Todo.objects.get(pk=full["todo"].pk).notes == NOTE * 2


def test_a_creation_costs_one_statement_more(alice, django_assert_num_queries):
    make_todo(alice)
    with django_assert_num_queries(1):
        quotas.take(alice, todos=1, bytes=100, tags=20)
    with django_assert_num_queries(0):
        quotas.take(alice, bytes=-5, tags=0)


def test_what_an_account_holds_reads_as_a_sentence(alice):
    make_todo(alice, notes=NOTE)
    assert str(Usage.objects.get()) == "0 lists, 1 to-dos, 0 tags, 40 bytes"


def test_too_much_of_one_kind_is_no_reason_to_refuse_another(api, alice, full, settings):
    settings.QUOTA_TODOS, settings.QUOTA_TAGS = 9, 0  # the operator has lowered it
    assert api(alice).post(TODOS, {"title": "x"}).status_code == 201
    Usage.objects.filter(owner=alice).delete()
    assert api(alice).post(TODOS, {"title": "x"}).status_code == 201
    quotas.check(alice, todos=1, tags=0)
    with pytest.raises(QuotaReached):
        quotas.check(alice, todos=1, tags=1)


def test_rows_from_before_the_quotas_count(api, alice, bob, settings):
    make_todo(alice)
    make_todo(alice)
    Usage.objects.filter(owner=alice).delete()
    Usage.objects.update_or_create(owner=bob, defaults={"todos": 0})  # who has room
    settings.QUOTA_TODOS = 2
    assert api(alice).post(TODOS, {"title": "x"}).status_code == 409


def test_new_idempotency_keys_are_limited_and_old_ones_still_answer(api, alice, bob, settings):
    settings.QUOTA_IDEMPOTENCY_KEYS = 2
    phone = api(alice)
    for key in ("1", "2", "2", "1"):
        done = phone.post(TODOS, {"title": key}, headers={"Idempotency-Key": key})
        assert done.status_code == 201
    detail = "Your account may use 2 new idempotency keys a day (quota idempotency_keys)."
    assert_refused(phone.post(TODOS, {"title": "3"}, headers={"Idempotency-Key": "3"}), detail)
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"1", "2"}
    assert phone.post(TODOS, {"title": "3"}).status_code == 201
    for person in (bob, alice):
        Counter.objects.filter(scope=f"idempotency:user:{alice.pk}").delete()
        done = api(person).post(TODOS, {"title": "3"}, headers={"Idempotency-Key": "3"})
        assert done.status_code == 201


# --- At the same moment ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
@pytest.mark.parametrize("counted", [None, 0, 20])
def test_of_twenty_at_once_exactly_those_that_fit_are_made(alice, settings, counted):
    """Without a count yet, with one that is too low for the first five, and with one too high."""
    settings.QUOTA_TODOS = 12
    for number in range(4):
        make_todo(alice, str(number))
    Usage.objects.all().delete()
    if counted is not None:
        Usage.objects.create(owner=alice, todos=max(counted, 4))
    posts = (functools.partial(phone.post, TODOS, {"title": "x"}) for phone in phones_of(alice, 20))
    statuses = sorted(response.status_code for response in at_once(*posts))
    assert statuses == [201] * 8 + [409] * 12
    assert Todo.objects.count() == 12


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_lists_notes_and_tags_at_once_wait_for_each_other_without_a_deadlock(alice, settings):
    settings.QUOTA_LISTS, settings.QUOTA_TAGS, settings.QUOTA_BYTES = 3, 3, 100
    shared = make_list(alice)
    todos = [make_todo(alice, str(number), list=shared) for number in range(4)]
    phones, calls = iter(phones_of(alice, 16)), []
    for number, todo in enumerate(todos):
        url = f"{TODOS}{todo.pk}/"
        new = {"title": "x", "list": str(shared.pk), "tags": ["shared"]}
        calls += [
            functools.partial(next(phones).post, LISTS, {"name": str(number)}),
            functools.partial(next(phones).patch, url, {"notes": "x" * 40}),
            functools.partial(next(phones).patch, url, {"tags": [str(number)]}),
            functools.partial(next(phones).post, TODOS, new),
        ]
    assert {response.status_code for response in at_once(*calls)} == {200, 201, 409}
    assert List.objects.filter(owner=alice).count() == 3
    assert Tag.objects.filter(owner=alice).count() == 3
    assert sum(len(todo.notes) for todo in Todo.objects.all()) == 80
