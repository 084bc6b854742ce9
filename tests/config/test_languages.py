"""A language is on offer only if every message of the product has a translation."""

import gettext
import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core import mail
from django.utils.formats import date_format
from django.utils.translation import override, to_locale

from accounts.borrowed import MESSAGES
from tests.config import catalogues
from tests.config.catalogues import in_python, in_templates, read_po, unmarked
from tests.config.conftest import ROOT
from tests.conftest import PASSWORD

OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|{\w*}|</?\w+>")
every_language = pytest.mark.parametrize("code", OTHERS)


def folder(code: str):
    return ROOT / "locale" / to_locale(code) / "LC_MESSAGES"


def test_the_messages_of_python_and_of_templates_are_found():
    assert {(None, "What needs to be done?"), (None, "priority")} <= in_python()
    assert {("between days", ", "), (None, "%(count)d to-do changed.")} <= in_python()
    assert {(None, "Log in"), (None, "%(counter)s item left")} <= in_templates()
    assert (None, "Never give the code to anybody.") not in in_templates()
    assert any(text.startswith("This is the code for a new") for _c, text in in_templates())


@every_language
def test_every_message_has_a_translation_and_none_is_left_over(code):
    po = read_po(folder(code) / "django.po")
    used = in_python() | in_templates()
    assert used - {*po} == set()
    assert {*po} - used == set()
    assert [message for message, forms in po.items() if not all(forms)] == []
    assert "fuzzy" not in (folder(code) / "django.po").read_text()


@every_language
@pytest.mark.parametrize("message", MESSAGES)
def test_what_django_does_not_translate_is_translated_here(code, message):
    with override("en"):
        english = message % 8
    with override(code):
        assert message % 8 != english


@every_language
def test_a_translation_has_the_placeholders_of_its_message(code):
    for (_context, message), forms in read_po(folder(code) / "django.po").items():
        for form in forms:
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(message)), form


@every_language
def test_the_compiled_catalogue_is_the_written_one(code):
    """`manage.py compilemessages` makes it; the package for Lambda holds only this."""
    with (folder(code) / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for (context, message), forms in read_po(folder(code) / "django.po").items():
        key = message if context is None else f"{context}\x04{message}"
        found = compiled._catalog  # type: ignore[attr-defined]
        numbers = range(len(forms))
        assert ([found[key]] if key in found else [found[key, n] for n in numbers]) == forms


@pytest.mark.parametrize("path", catalogues.templates(), ids=lambda path: path.name)
def test_no_template_has_words_that_cannot_be_translated(path):
    assert unmarked(path.read_text()) == set()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Hello {{ name }}</p>", {"Hello"}),
        ('<a aria-label="Close" href="Home">{% translate "x" %}</a>', {"Close"}),
        ("{% blocktranslate %}Hi{% endblocktranslate %} there", {"there"}),
        ("{# note #}{% comment %} a note {% endcomment %}<style>b{}</style>&nbsp;Nudge", set()),
    ],
)
def test_words_that_nobody_marked_are_found(source, words):
    assert unmarked(source) == words


def test_the_page_speaks_every_language():
    """`languages/` has the texts, of which tests/page/languages.test.js says what is missing."""
    tongues = (ROOT / "static" / "app" / "tongues.js").read_text()
    loaded = re.findall(r'import\("#app/languages/([\w-]+)\.js"\)', tongues)
    texts = {path.stem for path in (ROOT / "static" / "app" / "languages").glob("*.js")}
    assert {*OTHERS} == {*loaded} == texts


def test_the_document_names_every_language_of_the_profile():
    api = (ROOT / "docs" / "api.md").read_text()
    [row] = re.findall(r"^\| `language` \|(.*)$", api, re.MULTILINE)
    assert {f"`{code}`" for code, _name in settings.LANGUAGES} <= set(re.findall("`[^`]+`", row))


# --- Chinese --------------------------------------------------------------------------------------

CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9,en;q=0.8"}


@pytest.mark.parametrize("path", ["/", "/auth/login/", "/auth/signup/", "/auth/password/reset/"])
def test_a_stranger_is_spoken_to_as_the_browser_asks(client, db, path):
    page = client.get(path, **CHINESE).text
    assert '<html lang="zh-hans">' in page
    assert re.search("登录|注册", page)
    assert '<html lang="en">' in client.get(path, HTTP_ACCEPT_LANGUAGE="tlh").text


def test_a_person_is_spoken_to_as_the_profile_says(web, alice):
    alice.language = "zh-hans"
    alice.save()
    page = web(alice).get("/account/", HTTP_ACCEPT_LANGUAGE="en").text
    assert "个人资料" in page
    assert "星期一" in page
    alice.language = "en"
    alice.save()
    assert "Profile" in web(alice).get("/account/", **CHINESE).text


def test_codes_of_errors_are_of_no_language(api, alice):
    client = api(alice)
    body = {"title": "x" * 129, "due": {"at": "09:00"}, "color": "red"}
    english = client.post("/api/v1/todos/", body).json()["errors"]
    chinese = client.post("/api/v1/todos/", body, **CHINESE).json()["errors"]
    assert [(it["code"], it["attr"]) for it in chinese] == [
        (it["code"], it["attr"]) for it in english
    ]
    assert [it["detail"] for it in chinese] != [it["detail"] for it in english]


def test_the_document_is_of_one_language(client):
    assert client.get("/api/schema/", **CHINESE).content == client.get("/api/schema/").content


def test_a_mail_speaks_the_language_of_its_reader(client, alice):
    alice.language = "zh-hans"
    alice.save()
    client.post("/auth/password/reset/", {"email": alice.email}, HTTP_ACCEPT_LANGUAGE="en")
    [letter] = mail.outbox
    assert letter.subject == "Nudge: 设置新密码的验证码"
    assert "会发短信提醒你的待办" in letter.body
    assert '<html lang="zh-hans">' in letter.alternatives[0][0]  # type: ignore[attr-defined]


def test_a_refused_password_is_said_in_chinese(client, db):
    form = {"email": "carol@example.com", "password1": "short"}
    page = client.post("/auth/signup/", form, **CHINESE).text
    assert "密码太短" in page or "密码长度太短" in page
    assert "至少 10 个字符" in page
    assert not re.search("[Pp]assword (is|must)", page)
    wrong = {"login": "carol@example.com", "password": PASSWORD}
    assert "not correct" not in client.post("/auth/login/", wrong, **CHINESE).text


def test_dates_are_written_as_in_the_language():
    day = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    with override("zh-hans"):
        assert date_format(day, "DATETIME_FORMAT") == "2026年12月1日 09:30"
    with override("en"):
        assert date_format(day, "DATETIME_FORMAT") == "Dec. 1, 2026, 9:30 a.m."
