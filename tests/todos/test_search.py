"""`q` finds in any case, in every script, and takes its signs as they are; on both databases."""

import pytest

from tests.builders import make_todo
from todos.models import Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"


def found(client, text: str) -> list[str]:
    response = client.get(TODOS, {"q": text})
    assert response.status_code == 200
    return [row["title"] for row in response.json()["results"]]


@pytest.mark.parametrize("text", ["äpfel", "ÄPFEL", "ÄpFeL", "pfe"])
def test_german_is_found_in_any_case(api, alice, bob, text):
    for owner in (alice, bob):
        make_todo(owner, "Äpfel")
        make_todo(owner, "Apfel")
    expected = ["Apfel", "Äpfel"] if text == "pfe" else ["Äpfel"]
    assert found(api(alice), text) == expected


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Οδηγός", "ΟΔΗΓΌΣ"),
        ("ΟΔΗΓΌΣ", "οδηγός"),
        ("Купить МОЛОКО", "молоко"),
        ("ÇİÇEK", "çİçek"),
        ("買牛奶", "牛奶"),
        ("two\nlines", "LINES"),
    ],
)
def test_other_scripts_are_found_in_any_case(api, alice, title, text):
    make_todo(alice, "other", notes=title)
    make_todo(alice, "not this")
    assert found(api(alice), text) == ["other"]


@pytest.mark.parametrize("text", ["İ", "\u0131", "i", "I", "ß", "ǅ", "👍🏽", "ﬁ"])
def test_letters_without_a_plain_other_case_find_themselves(api, alice, text):
    make_todo(alice, f"a{text}b")
    assert found(api(alice), text) == [f"a{text}b"]


@pytest.mark.parametrize(
    "text",
    ["100%", "%", "snake_case", "_", "back\\slash", "\\", "\\%", "[a]", ".*", "^a", "'", '"'],
)
def test_signs_are_taken_as_they_are(api, alice, text):
    make_todo(alice, f"Ä {text.upper()} b")
    make_todo(alice, "100 snakeXcase backslash abc")
    assert found(api(alice), text) == [f"Ä {text.upper()} b"]


SAME = [
    ("Straße", "STRASSE"),
    ("STRASSE", "straße"),
    ("Café", "Cafe\u0301"),
    ("Cafe\u0301", "café"),
    ("ﬁnance", "finance"),
    ("finance", "ﬁnance"),
    ("\uff37\uff29\uff24\uff25", "wide"),
    ("co\u00adop", "coop"),
    ("❤\ufe0f", "❤"),
    ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u062e"),
    ("Łódź", "ŁÓDŹ"),
]


@pytest.mark.parametrize(("written", "text"), SAME, ids=ascii)
def test_a_spelling_finds_the_others_in_title_notes_and_tags(api, alice, bob, written, text):
    for owner in (alice, bob):
        make_todo(owner, f"a {written} b")
        make_todo(owner, "notes", notes=f"first\n{written}")
        make_todo(owner, "tags", tags=[written, "other"])
        make_todo(owner, "not this")
    assert sorted(found(api(alice), text)) == [todo_title(f"a {written} b"), "notes", "tags"]


def todo_title(text: str) -> str:
    return Todo(title=text)._meta.get_field("title").to_python(text)


def test_each_word_may_stand_somewhere_else(api, alice):
    make_todo(alice, "milk", notes="from the farm", tags=["Saturday"])
    make_todo(alice, "milk", tags=["sunday"])
    assert found(api(alice), "SATUR milk the") == ["milk"]


def test_what_is_changed_is_found_by_its_new_words_only(api, alice, web):
    todo, phone = make_todo(alice, "first", notes="one", tags=["red"]), api(alice)
    phone.patch(f"{TODOS}{todo.pk}/", {"notes": "two"})
    web(alice).post(f"/todos/plain/{todo.pk}/rename/", {"title": "second"})
    phone.patch(f"{TODOS}{todo.pk}/", {"tags": ["blue"]})
    assert [found(phone, word) for word in ("second", "two", "blue")] == [["second"]] * 3
    assert [found(phone, word) for word in ("first", "one", "red")] == [[]] * 3
