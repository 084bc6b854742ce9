"""Every admin page opens, for a row of every model that is registered, without a query per row."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.api_tokens import issue
from accounts.audit import Kind
from accounts.models import ApiToken, Invitation, SecurityEvent, User
from core.feed import FeedCounter, FeedEntry
from core.limits import Limit, take
from core.models import Counter, IdempotencyKey
from sms.models import Allowance, Consent, Message, OptOut, Phone
from tests.builders import make_list, make_todo
from tests.conftest import make_user
from todos import service
from todos.models import List, Notice, SavedFilter, Tag, Todo

pytestmark = pytest.mark.django_db
admin.autodiscover()
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def url(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def person(number: int) -> User:
    return make_user(f"person{number}@example.com", name="a")


def session(number: int) -> None:
    UserSession.objects.create(
        user=person(number), ip="198.51.100.1", session_key=f"key{number}", user_agent="a"
    )


def waiting_key(number: int) -> IdempotencyKey:
    return IdempotencyKey.objects.create(
        scope=f"user:{number}",
        endpoint="POST /a/",
        key="a",
        fingerprint="a" * 64,
        claimed_at=timezone.now(),
    )


MAKE: dict[type[models.Model], Callable[[int], object]] = {
    ApiToken: lambda number: issue(person(number), name="a", scopes=["read"]),
    Allowance: lambda number: Allowance.objects.create(account=person(number), per_day=1),
    Authenticator: lambda number: Authenticator.objects.create(
        user=person(number), type="totp", data={}
    ),
    Counter: lambda number: take(Limit(scope=f"a{number}", amount=1, window=timedelta(days=1))),
    EmailAddress: person,
    FeedCounter: person,
    FeedEntry: person,
    Group: lambda number: Group.objects.create(name=f"a{number}"),
    IdempotencyKey: waiting_key,
    Invitation: lambda number: Invitation.objects.create(created_by=person(number)),
    List: lambda number: make_list(person(number)),
    Message: lambda number: Message.objects.create(
        sender=person(number), to="+15005550006", body="a", provider="console"
    ),
    Notice: lambda number: Notice.objects.create(owner=person(number), channel="sms"),
    OptOut: lambda number: OptOut.objects.create(
        number=f"+1500555{number:04}", source=OptOut.Source.ADMIN
    ),
    Phone: lambda number: Phone.objects.create(
        account=person(number), number=f"+1500555{number:04}"
    ),
    Consent: lambda number: Consent.objects.create(
        account=person(number), number="+15005550006", event="agreed", source="page"
    ),
    SavedFilter: lambda number: service.add_filter(actor=person(number), name="a", query="is:open"),
    SecurityEvent: lambda number: SecurityEvent.objects.create(
        account=person(number), kind=Kind.LOGGED_IN, actor=person(100 + number)
    ),
    Tag: lambda number: make_todo(person(number), tags=["a"]),
    Todo: lambda number: make_todo(person(number), tags=["a"]),
    User: person,
    UserSession: session,
}


@pytest.fixture
def operator(web, staff):
    return web(staff)


def test_a_row_can_be_made_of_every_registered_model():
    assert set(MAKE) == set(MODELS)


QUERIES = [{}, {"q": "a"}, {"q": "\x00"}, {"q": "ä%_\\"}, {"o": "1.-2"}, {"o": "99"}, {"e": "1"}]


@pytest.mark.wide
@every_model
def test_every_list_opens(operator, model):
    MAKE[model](1)
    path = url(model, "changelist")
    answers = [operator.get(path, query, follow=True).status_code for query in QUERIES]
    assert [*zip(QUERIES, answers, strict=True)] == [(query, 200) for query in QUERIES]


@pytest.mark.wide
@every_model
def test_every_form_opens_or_is_not_allowed(operator, model):
    MAKE[model](1)
    row = model._default_manager.first()
    assert row is not None
    assert operator.get(url(model, "add")).status_code in (200, 403)
    assert operator.get(url(model, "change", row.pk)).status_code == 200
    assert operator.get(url(model, "history", row.pk)).status_code == 200
    assert operator.get(url(model, "delete", row.pk)).status_code in (200, 403)


@every_model
def test_a_row_that_is_gone_leads_back(operator, model):
    for key in ("0", "x", "00000000-0000-0000-0000-000000000000"):
        response = operator.get(url(model, "change", key))
        assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))


@every_model
def test_every_model_can_be_searched_and_filtered(model):
    registered = admin.site._registry[model]
    assert registered.search_fields
    if model._meta.app_label in ("accounts", "core", "sms", "todos"):
        assert len(registered.list_display) > 1


def queries(operator, model) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        page = operator.get(url(model, "changelist"))
    shown = page.context["cl"].result_list
    assert len(shown) == model._default_manager.count()
    return len(captured)


@pytest.mark.wide
@every_model
def test_a_list_page_takes_the_same_queries_for_many_rows(operator, model):
    for number in range(2):
        MAKE[model](number)
    operator.get(url(model, "changelist"))  # fills the caches of content types and permissions
    few = queries(operator, model)
    for number in range(2, 20):
        MAKE[model](number)
    assert queries(operator, model) == few


def test_the_admin_speaks_of_todos_as_the_product_does(operator):
    page = operator.get("/admin/").content.decode()
    assert "Operations" in page
    for plural in ("To-dos", "Lists", "Tags", "Counters", "Text messages"):
        assert f">{plural}<" in page


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("accounts/user", "email__contains=%00"),
        ("todos/todo", "title__icontains=%00"),
        ("todos/todo", "created_at__year=99999999999"),
        ("todos/list", "created_at__year=0"),
        ("sms/message", "state=%00"),
        ("core/counter", "scope__contains=%00"),
        ("todos/todo", f"q={'a+' * 1500}"),
    ],
)
def test_a_filter_that_makes_no_sense_is_no_server_error(operator, alice, path, query):
    make_todo(alice)
    response = operator.get(f"/admin/{path}/?{query}", follow=True)
    assert response.status_code in (200, 400)


def test_a_database_that_is_away_is_not_taken_for_a_filter(operator, monkeypatch):
    def away(*_args: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("todos.admin.TodoAdmin.get_queryset", away)
    response = operator.get("/admin/todos/todo/?q=a")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
