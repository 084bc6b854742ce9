"""`q` finds in any case, in every script, and takes its signs as they are; on both databases."""

from types import SimpleNamespace

import pytest
from django.db import connection

from config.sqlite import register_unicode_like
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


@pytest.mark.parametrize("text", ["İ", "\u0131", "i", "I", "ß", "ǅ", "\u0307", "👍🏽", "ﬁ"])
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


@pytest.mark.parametrize(
    ("lookup", "text", "matches"),
    [
        ("iexact", "äpfel_%", True),
        ("iexact", "äpfel", False),
        ("istartswith", "äpf", True),
        ("istartswith", "pf", False),
        ("iendswith", "EL_%", True),
        ("iendswith", "el_", False),
        ("icontains", "", True),
        ("contains", "Äpf", True),
    ],
)
def test_the_lookups_of_django_keep_their_meaning(alice, lookup, text, matches):
    make_todo(alice, "Äpfel_%")
    assert Todo.objects.filter(**{f"title__{lookup}": text}).exists() is matches


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'Äpfel' LIKE 'ä%'", True),
        ("'Äpfel' LIKE '%PF_L'", True),
        ("'Äpfel' LIKE 'pfel'", False),
        ("'a%c' LIKE 'A!%C' ESCAPE '!'", True),
        ("'abc' LIKE 'a!%c' ESCAPE '!'", False),
        ("'a' LIKE 'a!' ESCAPE '!'", False),
        ("'%' LIKE '%'", True),
        ("'' LIKE '%%'", True),
        ("'' LIKE '_'", False),
        ("'a.c' LIKE 'a.c'", True),
        ("'abc' LIKE 'a.c'", False),
        ("'ab' LIKE '%a%b%'", True),
        ("12 LIKE '1%'", True),
        ("NULL LIKE '%'", None),
        ("'a' LIKE NULL", None),
        ("'a' LIKE 'a' ESCAPE NULL", None),
    ],
)
@pytest.mark.sqlite
def test_like_of_sqlite_folds_every_letter(expression, expected):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}")
        [answer] = cursor.fetchone()
    assert answer is None if expected is None else bool(answer) is expected


def test_another_database_keeps_its_own_like():
    without_a_connection = SimpleNamespace(vendor="postgresql")
    register_unicode_like(without_a_connection)
    assert vars(without_a_connection) == {"vendor": "postgresql"}
