"""The plain page against strangers, forged forms and titles that are markup."""

from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.builders import make_list, make_todo
from tests.todos.pages import PAGE, act, row
from todos.models import Todo

ACTIONS = ("finish", "reopen", "rename", "delete")


class Elements(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _value in attrs}
        self.texts += [value for name, value in attrs if name == "value" and value]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


SCRIPT_FILES = 3  # the theme, the messages, the log-out
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "</textarea><svg/onload=alert(1)>",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("place", ["", "?edit={pk}"])
def test_title_is_text_and_never_markup(alice, browser, payload, place):
    todo = make_todo(alice, payload, tags=[payload[:50]], list=make_list(alice, payload))

    page = browser.get(PAGE + place.format(pk=todo.pk)).text

    elements = Elements()
    elements.feed(page)
    assert payload in elements.texts
    assert not {name for name in elements.attributes if name.startswith("on")}
    assert "svg" not in elements.tags
    assert elements.tags.count("script") == SCRIPT_FILES


def test_deleted_title_in_the_message_is_text(alice, browser):
    todo = make_todo(alice, "<script>alert(1)</script>")

    page = browser.post(act("delete", todo), follow=True).text

    assert "Deleted “<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>”." in page


def test_answers_are_not_stored_and_carry_the_security_headers(alice, browser):
    response = browser.get(PAGE)

    assert response["Cache-Control"] == "no-store"
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("", ["put", "patch", "delete"]),
        ("undo/", ["get", "put", "patch", "delete"]),
        *((f"{{pk}}/{name}/", ["get", "put"]) for name in ACTIONS),
    ],
)
def test_wrong_method_is_405_and_changes_nothing(alice, browser, path, methods):
    todo = make_todo(alice)
    before = row(todo)

    answers = [getattr(browser, method)(PAGE + path.format(pk=todo.pk)) for method in methods]

    assert [answer.status_code for answer in answers] == [405] * len(methods)
    assert row(todo) == before


@pytest.mark.parametrize("name", ACTIONS)
def test_todo_of_somebody_else_is_404_and_unchanged(alice, bob, web, name):
    todo = make_todo(alice)
    before = row(todo)

    response = web(bob).post(act(name, todo), {"title": "stolen"})

    assert response.status_code == 404
    assert "buy milk" not in response.text
    assert row(todo) == before


@pytest.mark.parametrize("name", ACTIONS)
def test_unknown_or_malformed_id_is_404(browser, name):
    answers = [browser.post(f"{PAGE}{pk}/{name}/", {"title": "x"}) for pk in (uuid4(), "1", "x%00")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize("name", [*ACTIONS, "plain", "undo"])
def test_change_without_a_token_is_403(alice, name):
    todo = make_todo(alice)
    before = row(todo)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    path = reverse(f"todos:{name}") if name in ("plain", "undo") else act(name, todo)

    response = strict.post(path, {"title": "forged"})

    assert response.status_code == 403
    assert "This form has expired." in response.text
    assert list(Todo.objects.values()) == [before]


@pytest.mark.parametrize("name", ACTIONS)
def test_change_after_the_session_ended_leads_to_the_list_not_to_a_post_url(alice, client, name):
    todo = make_todo(alice)
    before = row(todo)

    response = client.post(act(name, todo))

    assert (response.status_code, response.url) == (302, "/auth/login/")
    assert row(todo) == before
