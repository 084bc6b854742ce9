"""Name, time zone and language of the signed-in person."""

import re

import pytest
from django import forms
from pytest_django.asserts import assertHTMLEqual

from accounts.forms import LongSelect
from accounts.models import time_zone_names


def test_profile_is_saved_and_says_so(web, alice):
    response = web(alice).post(
        "/account/",
        {"name": "Alice", "time_zone": "Asia/Tokyo", "language": "zh-hans"},
        follow=True,
    )

    alice.refresh_from_db()
    assert response.redirect_chain == [("/account/", 302)]
    assert (alice.name, alice.time_zone, alice.language) == ("Alice", "Asia/Tokyo", "zh-hans")
    assert '<html lang="zh-hans">' in response.text
    assert 'class="message message-success' in response.text


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"time_zone": "Mars/Base"}, "Mars/Base is not one of the available choices."),
        ({"language": "tlh"}, "tlh is not one of the available choices."),
        ({"name": "x" * 151}, "at most 150 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_refused_profile_says_why_and_changes_nothing(web, alice, fields, error):
    response = web(alice).post(
        "/account/", {"name": "Alice", "time_zone": "UTC", "language": "", **fields}
    )

    alice.refresh_from_db()
    assert error in response.text
    assert (alice.name, alice.time_zone, alice.language) == ("", "UTC", "")


def test_unusual_time_zone_stays_selectable(web, alice):
    alice.time_zone = "US/Eastern"
    alice.save()

    page = web(alice).get("/account/").text

    assert '<option value="US/Eastern" selected>US/Eastern</option>' in page
    assert '<option value="America/New_York">America/New York</option>' in page


@pytest.mark.parametrize("chosen", [None, "UTC", '"><b>', ["UTC", "Asia/Tokyo"]])
def test_a_long_select_says_what_django_says(chosen):
    choices = [("", "---"), ("UTC", "UTC"), ('"><b>', "<i>&"), ("Asia/Tokyo", "Asia/Tokyo")]
    attributes = {"id": "zone", "required": True, "disabled": False, "title": '<"'}
    ours, usual = (each(attributes, choices) for each in (LongSelect, forms.Select))
    assertHTMLEqual(ours.render("zone", chosen), usual.render("zone", chosen))


def test_profile_leads_to_the_other_account_pages(web, alice):
    page = web(alice).get("/account/").text

    for path in ("/auth/email/", "/auth/password/change/", "/auth/sessions/"):
        assert f'href="{path}"' in page


def test_profile_is_for_signed_in_people(client, db):
    assert client.get("/account/").url == "/auth/login/?next=/account/"


def test_profile_knows_no_other_method(web, alice):
    assert web(alice).delete("/account/").status_code == 405


def test_only_languages_whose_texts_are_complete_are_offered(web, alice):
    page = web(alice).get("/account/").text

    languages = re.search(r'<select name="language".*?</select>', page, re.DOTALL)
    assert languages
    assert re.findall(r'value="([^"]*)"', languages[0]) == ["", "en", "zh-hans"]


def test_every_zone_of_the_world_is_offered(web, alice):
    page = web(alice).get("/account/").text
    offered = set(re.findall(r'<option value="([^"]+)"', page))
    assert time_zone_names() <= offered
    assert {"Antarctica/Troll", "America/Argentina/Buenos_Aires", "Etc/GMT+5"} <= offered


def test_every_field_of_the_profile_is_on_its_page(web, alice):
    page = web(alice).get("/account/")
    form = page.context["form"]
    shown = set(re.findall(r'<(?:input|select)[^>]*name="(\w+)"', page.text))
    assert {*form.fields} <= shown
