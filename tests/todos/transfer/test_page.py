"""The page for whoever leaves or arrives, without JavaScript."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from core import files
from tests.builders import make_list, make_todo, make_transfer
from tests.todos.transfer.test_jobs import CSV, Bucket, titles
from tests.todos.transfer.test_other_programs import TODOIST
from todos.models import CalendarFeed, Transfer
from todos.transfer import starting

pytestmark = pytest.mark.django_db
PAGE = "/transfer/"


@pytest.fixture
def sent(django_capture_on_commit_callbacks):
    """The page that a form leads to, after its job has run."""

    def post(browser: Client, **data: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(PAGE, data)
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
        return browser.get(PAGE)

    return post


def file(name: str, content: str | bytes) -> BytesIO:
    found = BytesIO(content.encode() if isinstance(content, str) else content)
    found.name = name
    return found


def test_settings_lead_to_the_page(web, alice):
    assert f'href="{PAGE}"' in web(alice).get("/account/data/").text
    page = web(alice).get(PAGE)
    assert "Import and export" in page.text
    assert 'aria-current="page">Data' in page.text


def test_an_export_is_downloaded_and_deleted(web, alice, bob, sent):
    make_todo(alice, "buy milk")
    browser = web(alice)
    page = sent(browser, format="csv", action_export="")
    job = Transfer.objects.get()
    link = f"/api/v1/exports/{job.pk}/file/"
    assert link in page.text
    assert b"buy milk" in b"".join(browser.get(link).streaming_content)
    assert sent(web(bob), action_everything="").status_code == 200
    assert web(bob).post(PAGE, {"job": job.pk, "action_forget": ""}).status_code == 404
    assert web(bob).post(PAGE, {"job": "x", "action_forget": ""}).status_code == 404
    assert [each["job"] for each in browser.get(PAGE).context["jobs"]] == [job]
    assert link not in sent(browser, job=str(job.pk), action_forget="").text
    assert [it.format for it in Transfer.objects.all()] == ["account"]


def test_an_import_is_looked_at_and_confirmed(web, alice, bob, sent):
    home = make_list(alice, "Home")
    browser = web(alice)
    page = sent(browser, file=file("a.CSV", CSV), list=str(home.pk), action_import="")
    assert "New: 2 to-dos, 1 lists, 0 tags, 0 filters." in page.text
    assert "due This could not be read, and is left out." in " ".join(page.text.split())
    job = Transfer.objects.get()
    assert titles(alice) == []
    sent(browser, job=str(job.pk), token="x", action_confirm="")
    assert titles(alice) == []
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    assert (
        "Already there: 0." in sent(browser, job=str(job.pk), token=token, action_confirm="").text
    )
    assert titles(alice) == [("buy milk", "Groceries"), ("buy tea", "Home")]


def test_the_form_offers_the_persons_own_lists_only(web, alice, bob):
    make_list(alice, "Home")
    secret = make_list(bob, "Secret")
    browser = web(alice)
    page = browser.get(PAGE)
    assert (">Home</option>" in page.text, "Secret" in page.text) == (True, False)
    answer = browser.post(
        PAGE, {"file": file("a.csv", CSV), "list": str(secret.pk), "action_import": ""}
    )
    assert (answer.status_code, "Secret" in answer.text) == (422, False)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR", "ics"),
        ("a.txt", "buy milk", "todotxt"),
        ("a.csv", TODOIST, "todoist"),
        ("a.csv", CSV, "csv"),
        ("archive.zip", b"PK\x03\x04", "json"),
        ("without", "{}", "json"),
    ],
)
def test_a_file_says_what_it_is(web, alice, sent, name, content, expected):
    sent(web(alice), file=file(name, content), action_import="")
    assert Transfer.objects.get().format == expected


def test_what_failed_says_why(web, alice, sent):
    page = sent(web(alice), file=file("a.json", "[]"), format="json", action_import="")
    assert "Line 1 is no JSON of Nudge." in page.text


@pytest.mark.parametrize("data", [{"action_import": ""}, {"format": "x", "action_export": ""}])
def test_a_form_with_mistakes_is_422(web, alice, data):
    assert web(alice).post(PAGE, data).status_code == 422
    assert not Transfer.objects.exists()


def test_too_many_jobs_are_refused_with_a_sentence(web, alice, bob, sent):
    for _number in range(starting.MOST_UNFINISHED):
        make_transfer(alice, "export", state="queued")
    page = sent(web(alice), format="csv", action_export="")
    assert "Wait until your other exports and imports have ended" in page.text
    assert "data-working" in page.text


def test_the_address_of_the_calendar_is_shown_once(web, alice, bob, sent):
    browser = web(alice)
    assert "The address has existed since" not in web(bob).get(PAGE).text
    theirs, page = (it.post(PAGE, {"action_renew": ""}) for it in (web(bob), browser))
    others, address = (
        it.text.partition('value="http://testserver/feeds/')[2].partition('"')[0]
        for it in (theirs, page)
    )
    assert Client().get(f"/feeds/{address}").status_code == 200
    assert "no-store" in page["Cache-Control"]
    again = browser.get(PAGE)
    assert "The address has existed since" in again.text
    assert address not in again.text
    assert "no longer works" in sent(browser, action_end="").text
    assert Client().get(f"/feeds/{address}").status_code == 404
    assert Client().get(f"/feeds/{others}").status_code == 200
    assert [row.owner for row in CalendarFeed.objects.all()] == [bob]
    assert "The address has existed since" not in browser.get(PAGE).text


def test_the_browser_may_send_a_large_file_to_the_bucket(web, alice, monkeypatch):
    """Directives have no order: django-csp takes them from a set."""
    monkeypatch.setattr(files, "default_storage", Bucket())
    policy = web(alice).get(PAGE)["Content-Security-Policy"]
    directives = dict(it.split(" ", 1) for it in policy.split("; "))
    assert directives["connect-src"] == "'self' https://bucket.test"


def test_the_words_of_the_page_are_chinese_too(web, alice):
    make_transfer(alice, "import", state="checked", report=None)
    page = web(alice).get(PAGE, headers={"Accept-Language": "zh-hans"})
    assert "导入和导出" in page.text
    assert "待确认" in page.text
