"""300 strings of marks, joiners, overrides, line breaks and emoji, as everything a person names.

Each is stored in one form, found by any spelling, and shown in its own place.
"""

import itertools
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from accounts.models import User
from core.values import line, note
from tests.builders import make_list, make_todo, position_of
from todos.models import List, Tag, Todo

pytestmark = pytest.mark.django_db

SCRIPTS = [
    "Straße",
    "ﬁnance",
    "cafe\u0301",
    "קנה חלב!",
    "حليب",
    "Οδηγός",
    "ДЕЛО",
    "가나",
    "क\u093c",
]
MARKS = ["{}", "\u200b{}", "{}\u200d", "\u202e{}", "\u2067{}", "{}\u2069\u202e", "\ufeff{}\u00ad"]
BREAKS = ["{} a", "{}\r\na", "{}\u2028a", "{}\x85a", "{}\va"]
EMOJI = ["", "👩\u200d👧", "👍🏽"]
# Each has a number, which is in the middle of the text: marks at an end reach over it.
WRITTEN = [
    mark.format(lines.format(f"{script}{emoji} n{number}n"))
    for number, (script, mark, lines, emoji) in enumerate(
        itertools.islice(itertools.product(SCRIPTS, MARKS, BREAKS, EMOJI), 0, None, 3)
    )
][:300]


def spellings(text: str) -> Iterator[str]:
    yield text
    yield unicodedata.normalize("NFD", text)
    yield unicodedata.normalize("NFKC", text).upper()
    yield text.casefold()


def pasted(text: str) -> str:
    """As a search box has it: one line."""
    return line(text)


class Shown(HTMLParser):
    """The texts of a page, and those of them that stand apart from their neighbours."""

    VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})

    def __init__(self, page: str, apart: tuple[str, ...]) -> None:
        super().__init__()
        self.apart, self.texts, self.free = apart, set[str](), set[str]()
        self.open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append((tag, tag in self.apart or ("dir", "auto") in attrs))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        text = data.strip()
        self.texts.add(text)
        if not any(is_apart for _tag, is_apart in self.open):
            self.free.add(text)


# The elements that static/css/admin.css isolates.
IN_THE_ADMIN = ("td", "th", "li", "a", "p", "h2", "option")


def test_there_are_three_hundred_of_them():
    assert len(set(WRITTEN)) == 300
    assert all(line(text) for text in WRITTEN)


@pytest.fixture
def rows(alice, bob) -> list[Todo]:
    return make_rows(alice, bob, WRITTEN)


@pytest.fixture
def first_rows(alice, bob) -> list[Todo]:
    return make_rows(alice, bob, WRITTEN[:40])


def make_rows(alice: User, bob: User, texts: list[str]) -> list[Todo]:
    """One to-do for each, made by the service; the first twenty in a list and with a tag of it."""
    made = []
    for number, text in enumerate(texts):
        where = {"list": make_list(alice, text)} if number < 20 else {}
        tags = [text[:50]] if number < 20 else []
        made.append(
            make_todo(alice, text, notes=text, tags=tags, position=position_of(number), **where)
        )
    make_todo(bob, WRITTEN[0], notes=WRITTEN[1], tags=[WRITTEN[2]])
    return made


@pytest.mark.wide
def test_each_is_stored_in_one_form_and_found_by_any_spelling(alice, rows):
    for text, todo in zip(WRITTEN, rows, strict=True):
        stored = Todo.objects.get(pk=todo.pk)
        assert (stored.title, stored.notes) == (line(text), note(text))
        for spelling in spellings(pasted(text)):
            found = Todo.objects.owned_by(alice).mentioning(spelling)
            assert list(found) == [todo], ascii(spelling)


@pytest.mark.wide
def test_the_api_takes_each_and_answers_what_is_stored(api, alice, bob):
    phone = api(alice)
    make_todo(bob, WRITTEN[0])
    for text in WRITTEN[::30]:
        tag = unicodedata.normalize("NFD", line(text))
        body = {"title": text, "notes": text, "tags": [tag, tag.upper()]}
        new = phone.post("/api/v1/todos/", body).json()
        assert (new["title"], new["notes"], new["tags"]) == (line(text), note(text), [line(text)])
        for name, spelling in itertools.product(("q", "tag"), spellings(pasted(text))):
            found = phone.get("/api/v1/todos/", {name: spelling}).json()["results"]
            assert [row["id"] for row in found] == [new["id"]]


@pytest.mark.wide
def test_each_stands_apart_on_the_page(web, alice, rows):
    browser, path = web(alice), "/todos/plain/"
    texts, free = set[str](), set[str]()
    while path:
        page = browser.get(path)
        shown = Shown(page.content.decode(), ("bdi",))
        texts, free = texts | shown.texts, free | shown.free
        path = page.context["next"] and f"/todos/plain/{page.context['next']}"
    names = {todo.title for todo in rows}
    names |= {todo.list.name for todo in rows[:20]} | {tag.name for tag in Tag.objects.all()[:20]}
    assert {name.strip() for name in names} <= texts
    assert {text for text in free if any(mark in text for mark in "\u202e\u2067")} == set()


@pytest.mark.wide
def test_what_is_told_about_each_stands_apart(web, alice, first_rows):
    browser = web(alice)
    for todo in first_rows[::7]:
        browser.post(f"/todos/plain/{todo.pk}/delete/")
        shown = Shown(browser.get("/todos/plain/").content.decode(), ("bdi",))
        assert todo.title in shown.texts - shown.free
        form = Shown(
            browser.get(f"/todos/plain/?edit={first_rows[-1].pk}").content.decode(), ("bdi",)
        )
        assert not any(todo.title in text for text in form.free)


@pytest.mark.wide
def test_each_is_found_and_stands_apart_in_the_admin(web, alice, staff, first_rows):
    operator = web(staff)
    for text, todo in list(zip(WRITTEN, first_rows, strict=False))[3:20:4]:
        alice.name = text
        alice.save(update_fields=["name"])
        expected = {
            "accounts/user": alice,
            "todos/list": todo.list,
            "todos/tag": todo.tags.get(),
            "todos/todo": todo,
        }
        for (path, row), spelling in zip(
            expected.items(), itertools.cycle(spellings(pasted(text))), strict=False
        ):
            page = operator.get(f"/admin/{path}/", {"q": spelling})
            assert list(page.context["cl"].result_list) == [row], (path, ascii(spelling))
            assert "css/admin.css" in page.content.decode()
            shown = Shown(page.content.decode(), IN_THE_ADMIN)
            assert {str(row), line(text)} & (shown.texts - shown.free)


@pytest.mark.wide
def test_the_admin_isolates_what_it_puts_into_a_sentence(web, alice, staff, first_rows):
    operator, todo = web(staff), first_rows[15]
    todo.rename("\u202eabc\u2069 def")
    path = f"/admin/todos/todo/{todo.pk}/delete/"
    told = "\u2068abc def\u2069"
    assert told in operator.get(path).content.decode()
    answer = operator.post(path, {"post": "yes"}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        f"The to-do “{told}” was deleted successfully."
    ]
    assert not List.objects.filter(name=told).exists()


def test_the_style_of_the_admin_isolates_what_this_test_counts_as_isolated():
    style = Path("static/css/admin.css").read_text()
    assert f"#content :is({', '.join(IN_THE_ADMIN)}, .readonly)" in style
    assert "unicode-bidi: plaintext" in style
