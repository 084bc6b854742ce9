"""One rule, every entry point: a value is refused by all, or stored in one form by all.

The columns are read from the forms, serializers and models; one without a rule here fails.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models, transaction
from django.forms import MultiWidget
from django.test import Client, RequestFactory
from rest_framework import fields as fields_of_the_framework
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIClient

from accounts.api.serializers import ProfileSerializer
from accounts.forms import ProfileForm
from accounts.models import User
from core.api.fields import StrictSerializer
from core.api.parameters import NoFilters
from core.values import DayField, LineField, MomentField, NoteField, composed
from sms.api.send import SmsSendSerializer
from sms.api.serializers import NewMessageSerializer
from sms.models import Allowance, Message, OptOut
from tests.builders import make_list, make_todo
from tests.documented import document
from todos import service
from todos.api.members import DueMember
from todos.api.saved_filters import SavedFilterSerializer
from todos.api.serializers import ListSerializer, TodoSerializer, TodoTagSerializer
from todos.forms import TitleForm
from todos.models import Due, List, SavedFilter, Tag, Todo
from todos.reminders.push_api import PushKeysSerializer

pytestmark = pytest.mark.django_db
admin.autodiscover()

APPS = ("accounts", "core", "sms", "todos")
REFUSED = "refused"
HALF = "a\ud800"  # half a character: JSON can name it, a browser cannot send it
TODO = "/api/v1/todos/{}/"
API_PATHS: dict[Any, str] = {
    List: "/api/v1/lists/{0.pk}/",
    SavedFilter: "/api/v1/filters/{0.pk}/",
    Tag: "/api/v1/tags/{0.uuid}/",
    Todo: "/api/v1/todos/{0.pk}/",
    User: "/api/v1/account/",
}


def label(column: Any) -> str:
    return f"{column.model._meta.label}.{column.name}"


# --- Which columns anybody may write, and where ---------------------------------------------------

API: dict[Any, Any] = {
    List: ListSerializer,
    SavedFilter: SavedFilterSerializer,
    Tag: TodoTagSerializer,
    Todo: TodoSerializer,
    User: ProfileSerializer,
}
PAGE: dict[Any, Any] = {Todo: TitleForm, User: ProfileForm}
# Serializers without a model: their members and the columns that these fill.
OF_A_MESSAGE = {"to": "to", "body": "body", "msg": "body", "send_at": "send_at"}
OF_A_MESSAGE["valid_for"] = "expires_at"


def in_the_api() -> dict[str, str]:
    found = {
        label(model._meta.get_field(field.source)): name
        for model, serializer in API.items()
        for name, field in serializer().fields.items()
        if not field.read_only
    }
    found["sms.Phone.number"] = "number"  # of NewPhoneSerializer, beside `agreed`
    found["todos.PushSubscription.endpoint"] = "endpoint"  # of NewBrowserSerializer
    found |= {f"todos.PushSubscription.{name}": name for name in PushKeysSerializer().fields}
    members = {**NewMessageSerializer().fields, **SmsSendSerializer().fields}
    of_a_message = {f"sms.Message.{OF_A_MESSAGE[name]}": name for name in members}
    return {**found, **of_a_message}


def on_the_page() -> dict[str, str]:
    return {
        label(model._meta.get_field(name)): name
        for model, form in PAGE.items()
        for name in form.base_fields
    }


def in_the_admin(operator: User) -> dict[str, str]:
    request = RequestFactory().get("/admin/")
    request.user = operator
    found: dict[str, str] = {}
    for model, page in admin.site._registry.items():
        if model._meta.app_label in APPS and page.has_change_permission(request):
            fields = page.get_form(request, model(), change=True).base_fields
            names = [name for name, field in fields.items() if not field.disabled]
            found |= {label(model._meta.get_field(name)): name for name in names}
    return found


# --- What is sent to them -------------------------------------------------------------------------


def lines(column: Any) -> list[str]:
    most = column.max_length
    nothing = ["", " \t", "\u200b", "\u2800\u3164\u00ad", "\u0378", "\0"]
    forms = [
        "plain",
        "  a  b ",
        "a\tb",
        "e\u0301",
        "\u1100\u1161",
        "👩\u200d👧\u200d👦🏽",
        "\ufffd",
    ]
    marks = ["\u202eabc", "abc\u2067", "\ufeffa", "a\x1bb", "a\0b", HALF]
    breaks = ["a\nb", "a\r\n b", "a\vb\fc\x85d\u2028e\u2029f", "a\n"]
    # The third fits once it is composed; the last one grows.
    lengths = ["😀" * most, "😀" * (most + 1), "e\u0301" * most, "\u0958" * most]
    return [*nothing, *forms, *marks, *breaks, *lengths]


def notes(column: Any) -> list[str]:
    most = column.max_length
    return [
        *("", " a ", "a\r\nb\rc\n", "\u200b", "e\u0301", "a\0b", "\u2028\u202e", HALF),
        *("é" * most, "é" * (most + 1), "e\u0301" * most),
    ]


FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)
MOMENTS = [
    *(FIRST, FIRST - timedelta(seconds=1), LAST, LAST + timedelta(seconds=1)),
    *(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
]
DAYS = [
    *(date(1900, 1, 1), date(1899, 12, 31), date(9998, 12, 31), date(9999, 1, 1)),
    *(date(1, 1, 1), date(9999, 12, 31), date(2028, 2, 29)),
]
FAR = [  # days within the range; of the moments, some are not
    Due(day, time(hour), zone)
    for day in DAYS[:4:2]
    for hour in (1, 23)
    for zone in ("Etc/GMT+12", "Asia/Tokyo")
]
BY_CLASS: dict[type[models.Field], Callable[[Any], list[Any]]] = {
    LineField: lines,
    NoteField: notes,
    MomentField: lambda column: MOMENTS,
    DayField: lambda column: DAYS,
    models.BooleanField: lambda column: [True, False],
}
COLORS = [
    *("", "#aabbcc", "#AABBCC", "red", "#aabbc", "#aabbccd", "#aabbcg", "aabbccd", "#aabbcc\n"),
    "#\uff11\uff11\uff11\uff11\uff11\uff11",
]
CLOCK = ["", "22:00", "00:00", "23:59", "24:00", "9:00", "22:60", "22:00:00", "\uff11\uff11:00"]
BY_NAME: dict[str, list[Any]] = {
    "accounts.User.language": ["en", "", "xx", "EN", "e" * 17, "\0"],
    "accounts.User.time_zone": [
        *("Europe/Berlin", "UTC", "", "Mars/Base", "../etc/passwd", "a" * 65, "Europe/Berlin\0"),
    ],
    "accounts.User.week_start": ["", "monday", "sunday", "Monday", "friday", "1", "\0"],
    "accounts.User.default_reminder": [0, 40_320, 40_321, -1, 2**31, 2**64],
    "accounts.User.digest_hour": [0, 23, 24, -1, 2**31, 2**64],
    "accounts.User.quiet_from": CLOCK,
    "accounts.User.quiet_until": CLOCK,
    "accounts.User.reminder_channel": ["sms", "push", "email", "none", "", "fax", "SMS", "e" * 9],
    "sms.Allowance.per_day": [0, 1_000_000, 1_000_001, -1, 2**31, 2**63, 2**64],
    "todos.List.color": COLORS,
    "todos.SavedFilter.color": COLORS,
    "todos.Tag.color": COLORS,
    "todos.Todo.due": [
        *(Due(day) for day in DAYS),
        *(Due(date(2028, 2, 29), at) for at in (time(0), time(9), time(23, 59))),
        *(Due(date(2028, 3, 26), time(2, 30), zone) for zone in ("Europe/Berlin", "Mars/Base")),
        *FAR,
        Due(date(2028, 2, 29), None, "Europe/Berlin"),
    ],
    "todos.Todo.priority": [0, 4, 5, -1, 2**31, 2**64],
    "todos.Todo.recurrence": [
        *("FREQ=DAILY", "rrule:byday=FR,MO;freq=weekly;", "FREQ=DAILY;BYDAY=", "FREQ=HOURLY"),
        *("every day", f"FREQ=YEARLY;{'BYMONTH=1,2,3;' * 30}", "FREQ=MONTHLY;BYMONTHDAY=\u0661"),
    ],
    "todos.Todo.recurrence_from": ["due", "completion", "", "never", "DUE"],
    "todos.Todo.status": ["open", "finished", "", "done", "FINISHED"],
}
ELSEWHERE = {
    "accounts.Invitation.email": "tests/accounts/test_registration.py",
    "accounts.Invitation.expires_at": "the operator decides how long a link lives",
    "accounts.User.email": "tests/accounts: which spellings of an address are one",
    "accounts.User.groups": "a choice of rows",
    "accounts.User.user_permissions": "a choice of rows",
    "sms.Allowance.account": "a choice of rows",
    "sms.Message.body": "tests/sms: what it costs decides",
    "sms.Message.expires_at": "seconds to the API, a moment to the database",
    "sms.Message.send_at": "tests/sms: at most 35 days ahead",
    "sms.Message.to": "tests/sms: which spellings of a number are one",
    "sms.Phone.number": "tests/sms/test_phones.py: its code must come back",
    **{
        f"todos.PushSubscription.{name}": "tests/todos/reminders/test_push.py: a browser makes it"
        for name in ("endpoint", "p256dh", "auth")
    },
    "todos.List.id": "tests/core/test_ids.py",
    "todos.List.position": "only the API writes it: tests/todos/test_positions.py",
    "todos.SavedFilter.id": "tests/core/test_ids.py",
    "todos.SavedFilter.position": "only the API writes it: tests/todos/test_positions.py",
    "todos.Tag.uuid": "tests/core/test_ids.py",
    "todos.Todo.id": "tests/core/test_ids.py",
    "todos.Todo.list": "a choice of rows",
    "todos.Todo.parent": "a choice of rows: tests/todos/test_subtasks.py",
    "todos.Todo.reminders": "tests/todos/reminders: a set, which no form writes",
    "todos.Todo.position": "only the API writes it: tests/todos/test_positions.py",
    "todos.Todo.tags": "as todos.Tag.name",
}
# Rules that SQL cannot say: which zones and languages there are, what was never assigned, NFC;
# and that a to-do which is finished has a moment, which is a column of its own.
BEYOND_SQL: set[Any] = {
    "accounts.User.language",
    "accounts.User.time_zone",
    "todos.Todo.recurrence",
    "todos.Todo.status",
    "\u0378",
}
BEYOND_SQL |= {*FAR, Due(date(2028, 3, 26), time(2, 30), "Mars/Base")}


def column_of(name: str) -> Any:
    model, _dot, column = name.rpartition(".")
    return next(it for it in models_of_ours() if it._meta.label == model)._meta.get_field(column)


def models_of_ours() -> list[type[models.Model]]:
    return [List, SavedFilter, Tag, Todo, User, Allowance, Message, OptOut]


def values(name: str) -> list[Any] | None:
    if name in BY_NAME or name in ELSEWHERE:
        return BY_NAME.get(name)
    return BY_CLASS[type(column_of(name))](column_of(name))


def written(operator: User) -> set[str]:
    return {*in_the_api(), *on_the_page(), *in_the_admin(operator)}


# Spelt out, so that a test has a name; the next test demands that they are all.
COLUMNS = [
    *("accounts.User.date_joined", "accounts.User.is_active", "accounts.User.is_staff"),
    *("accounts.User.is_superuser", "accounts.User.language", "accounts.User.last_login"),
    *(
        "accounts.User.name",
        "accounts.User.time_zone",
        "accounts.User.week_start",
        "sms.Allowance.per_day",
    ),
    *("accounts.User.reminder_channel", "accounts.User.default_reminder"),
    *("accounts.User.digest_hour", "accounts.User.quiet_from", "accounts.User.quiet_until"),
    *("todos.List.archived_at", "todos.List.color", "todos.List.name", "todos.Tag.name"),
    *("todos.SavedFilter.color", "todos.SavedFilter.name", "todos.SavedFilter.query"),
    "todos.Tag.color",
    *("todos.Todo.due", "todos.Todo.notes", "todos.Todo.priority", "todos.Todo.start_on"),
    *("todos.Todo.recurrence", "todos.Todo.recurrence_from", "todos.Todo.status"),
    "todos.Todo.title",
]


def test_every_column_that_anybody_may_write_has_a_rule(staff):
    assert sorted({*COLUMNS, *ELSEWHERE}) == sorted(written(staff))
    assert all(values(name) for name in COLUMNS)


# What else the API reads, whose members are no column of their own.
WITHOUT_COLUMNS = {
    "core": set[str](),
    "todos": {
        *("DueSerializer", "ReminderSerializer", "QuickAddSerializer", "MergeSerializer"),
        *(
            "FinishSerializer",
            "MoveSerializer",
            "TodoMoveSerializer",
            "BulkSerializer",
            "BulkOperationSerializer",
        ),
        *("NewExportSerializer", "NewImportSerializer", "ConfirmSerializer"),
        *("BatchSerializer", "OperationSerializer", "PushKeysSerializer", "NewBrowserSerializer"),
    },
    "sms": {"NewPhoneSerializer", "PhoneCodeSerializer", "SegmentsRequestSerializer"},
    "accounts": {"PageSessionSerializer", "NewApiTokenSerializer", "KeepSerializer"},
}
ONLY_ANSWERED = {"PageSessionSerializer"}


def bodies(app: str, of: Any = StrictSerializer) -> Iterator[Any]:
    """The serializers of an app that read a body; those of its document are made of them."""
    for each in of.__subclasses__():
        yield from bodies(app, each)
        is_whole = not issubclass(each, ModelSerializer) or hasattr(each, "Meta")
        is_ours = each.__module__.startswith(f"{app}.") and not each.__module__.endswith(".schema")
        if is_whole and is_ours and not issubclass(each, NoFilters) and read_by(each):
            yield each


def read_by(shape: Any) -> dict[str, Any]:
    return {name: field for name, field in shape().fields.items() if not field.read_only}


@pytest.mark.parametrize("app", APPS)
def test_every_body_that_the_api_reads_is_known_here(app):
    """So that a serializer without a model brings its columns, or says that it has none."""
    document()  # imports every view
    known = {*API.values(), NewMessageSerializer, SmsSendSerializer}
    others = {each.__name__ for each in bodies(app) if each not in known}
    assert others == WITHOUT_COLUMNS[app]


@pytest.mark.parametrize("app", APPS)
def test_no_body_takes_a_number_for_a_text(app):
    """The fields of the framework do, and a text for a number."""
    document()
    fields = {
        f"{shape.__name__}.{name}": getattr(field, "child", field)
        for shape in bodies(app)
        if shape.__name__ not in ONLY_ANSWERED
        for name, field in read_by(shape).items()
    }
    plain = (fields_of_the_framework.DictField, fields_of_the_framework._UnvalidatedField)
    of_the_framework = {
        name
        for name, field in fields.items()
        if type(field).__module__ == "rest_framework.fields" and not isinstance(field, plain)
    }
    assert of_the_framework == set()


def test_a_new_column_without_a_rule_fails(staff, monkeypatch):
    fields = (*ProfileSerializer.Meta.fields, "date_joined")
    monkeypatch.setattr(ProfileSerializer.Meta, "fields", fields)
    extra = models.DecimalField(max_digits=3, decimal_places=1)
    extra.set_attributes_from_name("weight")
    extra.model = Todo
    monkeypatch.setattr(f"{__name__}.column_of", lambda name: extra)
    assert "accounts.User.date_joined" in in_the_api()
    with pytest.raises(KeyError):
        values("todos.Todo.weight")


# --- How each entry point takes a value -----------------------------------------------------------


@dataclass
class World:
    phone: APIClient
    browser: Client
    operator: Client
    rows: dict[Any, Any]
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)  # as the admin opens them

    def read(self, column: Any) -> Any:
        if column.model is Tag:
            return self.rows[Todo].tags.values_list(column.name, flat=True).first()
        row = column.model.objects.filter(pk=self.rows[column.model].pk)
        return row.values_list(column.name, flat=True).get()


@pytest.fixture
def world(api, web, alice, bob, staff) -> World:
    todo = make_todo(alice, "before", tags=["before"], list=make_list(alice))
    make_todo(bob, tags=["before"])
    rows: dict[Any, Any] = {Todo: todo, List: todo.list, Tag: todo.tags.get(), User: alice}
    rows[SavedFilter] = service.add_filter(actor=alice, name="before", query="before")
    rows[Allowance] = Allowance.objects.create(account=alice, per_day=7)
    User.objects.filter(pk=alice.pk).update(name="before")
    return World(api(alice), web(alice), web(staff), rows)


def by_the_api(world: World, column: Any, value: Any) -> bool:
    path = API_PATHS[column.model].format(world.rows[column.model])
    plain = value.isoformat() if isinstance(value, date) else value
    plain = DueMember().to_representation(value) if isinstance(value, Due) else plain
    return patched(world, path, {in_the_api()[label(column)]: plain}, value)


def by_tagging(world: World, column: Any, value: Any) -> bool:
    return patched(world, TODO.format(world.rows[Todo].pk), {"tags": [value]}, value)


def patched(world: World, path: str, body: Any, value: Any) -> bool:
    text = json.dumps(body, ensure_ascii=value == HALF)
    return accepted(world.phone.patch(path, text, content_type="application/json"), 200, 400)


def by_the_page(world: World, column: Any, value: Any) -> bool:
    if column.model is Todo:
        answer = world.browser.post(f"/todos/plain/{world.rows[Todo].pk}/rename/", {"title": value})
        return accepted(answer, 302, 422)
    if "/account/" not in world.forms:
        world.forms["/account/"] = form_data(world.browser.get("/account/").context["form"])
    form = world.forms["/account/"]
    return accepted(world.browser.post("/account/", {**form, column.name: value}), 302, 200)


def by_the_admin(world: World, column: Any, value: Any) -> bool:
    options = column.model._meta
    key = world.rows[column.model].pk
    path = f"/admin/{options.app_label}/{options.model_name}/{key}/change/"
    if path not in world.forms:
        world.forms[path] = page_data(world.operator.get(path).context)
    data = {**world.forms[path]}
    data.pop(column.name, None)
    answer = world.operator.post(path, {**data, **as_form(column, value)})
    problems = {} if answer.status_code == 302 else answer.context["adminform"].form.errors
    assert {*problems} <= {column.name, "__all__"}, problems
    return accepted(answer, 302, 200)


def as_form(column: Any, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {column.name: "on"} if value else {}
    if isinstance(value, Due):
        parts = (str(value.on), value.at and value.at.isoformat("minutes"), value.time_zone)
        return {f"{column.name}_{number}": part or "" for number, part in enumerate(parts)}
    if isinstance(value, datetime):
        day, _t, moment = value.isoformat().partition("T")
        return {f"{column.name}_0": day, f"{column.name}_1": moment.removesuffix("+00:00")}
    return {column.name: value.isoformat() if isinstance(value, date) else value}


def page_data(context: Any) -> dict[str, Any]:
    data = form_data(context["adminform"].form)
    for formset in context["inline_admin_formsets"]:
        for form in (formset.formset.management_form, *formset.formset.forms):
            data |= form_data(form)
    return data


def form_data(form: Any) -> dict[str, Any]:
    """What a browser sends from this form if nobody touches it."""
    data: dict[str, Any] = {}
    for bound in form:
        value, widget = bound.value(), bound.field.widget
        if isinstance(widget, MultiWidget):
            parts = enumerate(widget.decompress(value) or ())
            data |= {f"{bound.html_name}_{n}": str(part or "") for n, part in parts}
        elif not (value is None or value is False or bound.field.disabled):
            data[bound.html_name] = "on" if value is True else value
    return data


def accepted(answer: Any, yes: int, no: int) -> bool:
    assert answer.status_code in (yes, no), answer.content[:500]
    return bool(answer.status_code == yes)


def by_the_model(world: World, column: Any, value: Any) -> bool:
    """As an import does."""
    row = column.model.objects.get(pk=world.rows[column.model].pk)
    setattr(row, column.name, value)
    if label(column) == "todos.Todo.status" and value == "finished":
        row.finished_at = FIRST
    try:
        row.full_clean()
        row.save()
    except ValidationError:
        return False
    return True


def by_sql(world: World, column: Any, value: Any) -> bool:
    adapted = value
    if isinstance(value, (date, Due)):
        adapted = column.get_db_prep_value(value, connection)
    table, key = column.model._meta.db_table, world.rows[column.model].pk
    statement = f'UPDATE "{table}" SET {column.column} = %s WHERE id = %s'  # noqa: S608
    key = column.model._meta.pk.get_db_prep_value(key, connection)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [adapted, key])
    except (DatabaseError, ValueError, OverflowError):
        return False
    return True


def outcome(world: World, write: Callable[..., bool], column: Any, value: Any) -> Any:
    before = transaction.savepoint()
    stored = world.read(column) if write(world, column, value) else REFUSED
    transaction.savepoint_rollback(before)
    return stored


def entry_points(column: Any, operator: User) -> dict[str, Callable[..., bool]]:
    found = {"model": by_the_model}
    found |= {"tagging": by_tagging} if label(column) == "todos.Tag.name" else {}
    found |= {"api": by_the_api} if label(column) in in_the_api() else {}
    found |= {"page": by_the_page} if label(column) in on_the_page() else {}
    return found | ({"admin": by_the_admin} if label(column) in in_the_admin(operator) else {})


@pytest.mark.wide
@pytest.mark.parametrize("name", COLUMNS)
def test_a_value_has_one_outcome_at_every_entry_point(world, staff, name):
    column = column_of(name)
    ways = entry_points(column, staff)
    assert len(ways) > 1
    for value in values(name) or ():
        asked = {way for way in ways if value != HALF or way in ("model", "api", "tagging")}
        outcomes = {way: outcome(world, ways[way], column, value) for way in asked}
        assert len(set(outcomes.values())) == 1, (value, outcomes)
        expected = outcomes["model"]
        is_composed = not isinstance(value, str) or composed(value) == value
        if expected in (value, REFUSED) and is_composed and not BEYOND_SQL & {name, value}:
            assert outcome(world, by_sql, column, value) == expected, value


# --- Rows that were written past the rules --------------------------------------------------------

PAST: dict[type[models.Field], list[Any]] = {
    LineField: ["", "\u200b\u202e", "a\nb\u2028"],
    NoteField: ["\u202e", "\x1b", "\r"],
    MomentField: [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)],
    DayField: [date(1, 1, 1), date(9999, 12, 31)],
}
PAST_BY_NAME: dict[str, list[Any]] = {
    "accounts.User.language": ["xx", "\u202e"],
    "accounts.User.default_reminder": [2**31 - 1],
    "accounts.User.digest_hour": [99],
    "accounts.User.quiet_from": ["soon"],
    "accounts.User.quiet_until": ["soon"],
    "accounts.User.reminder_channel": ["fax"],
    "accounts.User.time_zone": ["Mars/Base", "", "../etc"],
    "accounts.User.week_start": ["friday", "\x1b"],
    "todos.List.color": ["red", "\x1b"],
    "todos.SavedFilter.color": ["red", "\x1b"],
    "todos.SavedFilter.query": ["due:soon", "\x1b"],
    "todos.Tag.color": ["red", "\x1b"],
    "todos.Todo.due": ["soon", "9999-12-31", "0001-01-01T00:00[Mars/Base]"],
    "todos.Todo.priority": [9, 32767],
    "todos.Todo.recurrence": ["FREQ=SECONDLY", "", "\x1b"],
    "todos.Todo.recurrence_from": ["never"],
    "sms.Allowance.per_day": [2**31 - 1],
}


@contextmanager
def without_constraints() -> Iterator[None]:
    """The transaction of the test brings them back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            yield
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
            return
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for model in models_of_ours():
            for constraint in model._meta.constraints:
                if isinstance(constraint, models.CheckConstraint):
                    table = f'ALTER TABLE "{model._meta.db_table}"'
                    cursor.execute(f'{table} DROP CONSTRAINT "{constraint.name}"')
        yield


@pytest.mark.wide
@pytest.mark.undocumented("the rows break the rules that the document states")
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_rows_that_were_written_past_the_rules_are_shown(world, staff, zone, number):
    User.objects.filter(pk=staff.pk).update(time_zone=zone)
    with without_constraints():
        for model, row in world.rows.items():
            for column in model._meta.concrete_fields:
                past = PAST_BY_NAME.get(label(column)) or PAST.get(type(column))
                past = past if label(column) in COLUMNS else None
                if past:
                    by_sql(world, column, past[number % len(past)])
            by_sql(world, model._meta.pk, row.pk)
    todo = world.rows[Todo]
    paths = ["/todos/plain/", f"/todos/plain/?edit={todo.pk}", "/account/"]
    for path in paths:
        assert world.browser.get(path).status_code == 200, path
    pages = [f"/api/v1/{name}/" for name in ("todos", "lists", "tags", "filters", "account")]
    for path in (*pages, TODO.format(todo.pk)):
        assert world.phone.get(path).status_code == 200, path
    for model, row in world.rows.items():
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for path in (page, f"{page}{row.pk}/change/", f"{page}{row.pk}/delete/"):
            assert world.operator.get(path).status_code == 200, path
        assert isinstance(str(type(row).objects.get(pk=row.pk)), str)
