"""An id is one id in any case, wherever it is written: in a path, a query, a body, a search."""

import re
from io import BytesIO
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import ApiToken
from core import files
from core.ids import CONVERTER, IdConverter, found_in
from core.models import IdempotencyKey
from sms.models import Allowance, Message
from tests.builders import make_list, make_todo, make_transfer
from tests.conftest import make_user
from todos import service
from todos.models import List, PushSubscription, Reminder, SavedFilter, Tag, Todo

KEY = UUID("0fa1b2c3-d4e5-4f60-8a7b-9c0d1e2f3a4b")
SPELLINGS = [str(KEY), str(KEY).upper(), str(KEY).title()]


def named(patterns=None, prefix: str = "/") -> list[str]:
    """Every path that names a row, or anything by a UUID."""
    found: list[str] = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += named(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and re.search(r"<(uuid:\w+|[\w:]*(?:pk|id))>", path):
            found.append(path)
    return found


ROUTES = [path for path in named() if f"<{CONVERTER}:" in path]


def test_every_route_that_names_a_row_takes_ids_in_any_case():
    """The admin takes any text for a key and leaves it to the column; a number has no case."""
    others = [path for path in named() if path not in ROUTES]
    assert [it for it in others if not it.startswith("/admin/") and "<int:" not in it] == []
    assert len(ROUTES) >= 12


@pytest.fixture
def rows(alice, bob) -> None:
    make_list(alice, id=KEY)
    make_todo(alice, id=KEY)
    service.add_tag(actor=alice, name="home", uuid=KEY)
    service.add_filter(actor=alice, name="x", query="x", id=KEY)
    Message.objects.create(id=KEY, sender=alice, to="+15005550006", body="a", provider="console")
    ApiToken.objects.create(id=KEY, owner=alice, name="x", digest="x", expires_at=timezone.now())
    PushSubscription.objects.create(id=KEY, owner=alice, endpoint="https://push.example")
    make_todo(bob)


@pytest.mark.wide
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("path", ROUTES)
def test_both_cases_name_one_row(api, web, alice, path, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = api(alice) if path.startswith("/api/") else web(alice)
    if "/trash/" in path:
        Todo.objects.get(pk=KEY).trash()
    if kind := re.search("/(export|import)s/", path):
        files.save(name := f"transfers/{KEY}", BytesIO(b"x"))
        make_transfer(alice, kind[1], id=KEY, file=name)
    for verb in ("get", "post", "patch", "delete"):
        answers = []
        for spelling in SPELLINGS:
            before = transaction.savepoint()
            answer = getattr(client, verb)(re.sub("<[^>]+>", spelling, path))
            transaction.savepoint_rollback(before)
            answers.append(answer.status_code)
            shown = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert spelling == str(KEY) or spelling not in shown.decode()
        assert len(set(answers)) == 1
        assert answers[0] != 404


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_both_cases_name_one_row_in_a_query_and_in_a_body(api, web, alice, spelling):
    Todo.objects.filter(pk=KEY).update(list=KEY)
    found = api(alice).get("/api/v1/todos/", {"list": spelling}).json()["results"]
    assert [(row["id"], row["list"]) for row in found] == [(str(KEY), str(KEY))]
    new = api(alice).post("/api/v1/todos/", {"title": "new", "list": spelling})
    assert (new.status_code, new.json()["list"]) == (201, str(KEY))
    again = api(alice).post("/api/v1/lists/", {"id": spelling, "name": "Groceries"})
    assert (again.status_code, again.json()["id"]) == (200, str(KEY))
    page = web(alice).get("/todos/plain/", {"edit": spelling})
    assert page.context["edit_form"].initial == {"title": "buy milk"}


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    "make",
    [
        lambda bob: service.add_list(actor=bob, name="b", id=KEY),
        lambda bob: service.add_filter(actor=bob, name="b", query="b", id=KEY),
        lambda bob: service.add_tag(actor=bob, name="b", uuid=KEY),
        lambda bob: make_todo(bob, "b", id=KEY),
    ],
    ids=["list", "filter", "tag", "todo"],
)
def test_a_new_row_never_takes_the_place_of_one_with_its_id(bob, make):
    """Entry points refuse a used id before; this holds if two use one at the same moment."""
    before = rows_of_all()
    with pytest.raises(IntegrityError), transaction.atomic():
        make(bob)
    assert rows_of_all() == before


def rows_of_all() -> list[dict]:
    return [row for model in (List, SavedFilter, Tag, Todo) for row in model.objects.values()]


# What `uuid.UUID` reads too, as long as an id is or not.
OTHER_FORMS = [
    *(
        "",
        "0",
        str(KEY)[:-1],
        f"{KEY}0",
        KEY.hex,
        f"{{{KEY}}}",
        f"urn:uuid:{KEY}",
        f"urn:{KEY.hex}",
    ),
    *(f"{KEY.hex}----", f"{{{KEY.hex}--}}", f"{KEY.hex[:7]}-{KEY.hex[7:]}---", f"+{str(KEY)[1:]}"),
    *(f"{str(KEY)[:2]}_{str(KEY)[3:]}", str(KEY).replace("0", "\N{ARABIC-INDIC DIGIT ZERO}")),
]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("text", OTHER_FORMS)
def test_no_entry_point_takes_another_form(api, alice, text):
    assert not re.fullmatch(IdConverter.regex, text)
    phone = api(alice)
    reminder = {"id": text, "minutes_before": 5}
    for body in ({"id": text}, {"list": text}, {"parent": text}, {"reminders": [reminder]}):
        assert phone.post("/api/v1/todos/", {"title": "x", **body}).status_code == 400
    for name in ("ids", "list", "parent"):
        assert phone.get("/api/v1/todos/", {name: text}).status_code == 400
    operation = {"op_id": text, "kind": "todo", "id": text, "op": "finish", "base_version": 1}
    told = phone.post("/api/v1/todos/bulk/", {"operations": [operation]}).json()
    assert told["results"][0]["status"] == "invalid"
    with pytest.raises(ValidationError):
        Reminder.read(reminder)


def test_an_id_is_in_an_address_as_it_is_answered():
    assert IdConverter().to_url(KEY) == str(KEY)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f" {KEY}\n", KEY),
        (KEY.hex.upper(), KEY),
        ("", None),
        (KEY.hex[:-1], None),
        (f"{KEY} and more", None),
        (f"urn:uuid:{KEY}", None),
    ],
)
def test_an_id_is_found_in_what_somebody_pasted(text, found):
    assert found_in(text) == found


# --- What an operator pastes into the admin -------------------------------------------------------


@pytest.fixture
def logged(rows, alice, bob) -> dict[str, list]:
    """For each list of the admin the rows to find, and the ids by which a log names them."""
    owner = make_user("owner@example.com", id=KEY)
    for model in (List, Todo):
        model.objects.filter(pk=KEY).update(owner=owner)
    Message.objects.update(sender=owner, provider_sid=str(KEY))
    Message.objects.create(sender=bob, to="+15005550006", body="b", provider="console")
    Allowance.objects.create(account=owner, per_day=1)
    Allowance.objects.create(account=bob, per_day=1)
    IdempotencyKey.objects.create(
        scope=f"user:{KEY}", endpoint="POST /", key="a", claimed_at=owner.date_joined
    )
    return {
        "accounts_user": [owner],
        "account_emailaddress": [*EmailAddress.objects.filter(user=owner)],
        "core_idempotencykey": [*IdempotencyKey.objects.all()],
        "sms_allowance": [*Allowance.objects.filter(account=owner)],
        "sms_message": [*Message.objects.filter(pk=KEY)],
        "todos_list": [*List.objects.filter(pk=KEY)],
        "todos_todo": [*Todo.objects.filter(pk=KEY)],
    }


@pytest.mark.wide
@pytest.mark.parametrize("text", [*SPELLINGS, KEY.hex, f" {KEY.hex.upper()} "])
def test_the_admin_finds_a_row_by_an_id_of_a_log(web, staff, logged, text):
    for name, rows in logged.items():
        page = web(staff).get(reverse(f"admin:{name}_changelist"), {"q": text})
        assert list(page.context["cl"].result_list) == rows, name


def test_the_admin_finds_a_message_by_the_id_of_its_provider(web, staff, alice):
    sid = "SM0fa1b2c3d4e54f608a7b9c0d1e2f3a4b"
    message = Message.objects.create(sender=alice, body="a", provider="twilio", provider_sid=sid)
    for text in (sid, sid.lower()):
        page = web(staff).get("/admin/sms/message/", {"q": text})
        assert list(page.context["cl"].result_list) == [message]
