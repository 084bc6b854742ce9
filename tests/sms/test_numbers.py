"""Whom texts may go to, and what is shown of a number."""

import subprocess
import sys

import phonenumbers
import pytest

from sms.telephony import (
    Recipient,
    RecipientError,
    is_e164,
    masked,
    parsed,
    recipient,
    region,
    with_masked_numbers,
)
from tests.config.conftest import ROOT


@pytest.fixture
def _america(settings) -> None:
    settings.SMS_TO_NUMBER, settings.SMS_ALLOWED_REGIONS = "+15005550099", []


def refusal(text: str) -> str:
    with pytest.raises(RecipientError) as error:
        recipient(text)
    assert str(error.value).endswith(".")
    return error.value.code


@pytest.mark.usefixtures("_america")
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+15005550006", "+15005550006"),
        ("+1 415 555 2671", "+14155552671"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+1.415.555.2671", "+14155552671"),
        # What address books write around and between digits.
        ("\u202a+1 (415) 555\u20112671\u202c", "+14155552671"),
        ("\ufeff+1\u200b415\u2060555\u00ad2671\u200f", "+14155552671"),
        ("+1\u00a0415\u2009555\u30002671", "+14155552671"),
        ("+1\u2013415\u2212555\u20102671", "+14155552671"),
        ("\uff0b\uff11 \uff08\uff14\uff11\uff15\uff09 555\uff0d2671", "+14155552671"),
        ("+ 1 415 555 2671", "+14155552671"),
        ("+1/415/555\u30fc2671", "+14155552671"),
        # The digits of a keyboard: Arabic, Persian, Devanagari.
        (
            "\u200f+\u0661 \u0664\u0661\u0665 \u0665\u0665\u0665 \u0662\u0666\u0667\u0661",
            "+14155552671",
        ),
        ("+۱۴۱۵۵۵۵۲۶۷۱", "+14155552671"),
        ("+१४१५५५५२६७१", "+14155552671"),
    ],
)
def test_a_number_is_read_as_people_write_it(text, number):
    assert (recipient(text).number, recipient(text).region) == (number, "US")


@pytest.mark.usefixtures("_america")
@pytest.mark.parametrize(
    "text",
    [
        *("", "+", "hello", "4155552671", "14155552671", "+0123456789", "+1", "+1415555267"),
        *("+1 415 555 2671 ext. 5", "+1415CALLNOW", "tel:+14155552671", "+14155552671;ext=1"),
        *(
            "+14155552671\n",
            "+1415555\N{ROMAN NUMERAL TWO}671",
            "+1415555\N{CIRCLED DIGIT TWO}671",
            "+447700900123",
        ),
        *("whatsapp:+14155552671", "+999123456789", "+1" * 16),
        *("+1415555267\N{SUPERSCRIPT ONE}", "+1\t415 555 2671", "\ud800"),
    ],
)
def test_what_is_no_number_is_invalid(text):
    assert refusal(text) == "invalid_recipient"


@pytest.mark.usefixtures("_america")
@pytest.mark.parametrize(
    "text",
    ["+18095551234", "+14165551234", "+4915112345678", "+881612345678"],
)
def test_another_country_is_refused_whatever_its_prefix(text):
    """+1 809 is the Dominican Republic, +1 416 Canada, +881 a satellite."""
    assert refusal(text) == "region_not_allowed"


@pytest.mark.usefixtures("_america")
@pytest.mark.parametrize("text", ["+19005551234", "+18005551212"])
def test_what_costs_extra_or_reaches_nobody_is_refused(text):
    assert refusal(text) == "type_not_allowed"


@pytest.mark.parametrize(
    ("where", "kinds"),
    [
        ("GB", ["PREMIUM_RATE", "TOLL_FREE", "PAGER", "UAN"]),
        ("DE", ["PREMIUM_RATE", "TOLL_FREE", "SHARED_COST", "PAGER", "UAN", "VOICEMAIL"]),
    ],
)
def test_the_kinds_of_other_countries_are_refused_too(settings, where, kinds):
    settings.SMS_ALLOWED_REGIONS = [where]
    for kind in kinds:
        type_ = getattr(phonenumbers.PhoneNumberType, kind)
        example = phonenumbers.example_number_for_type(where, type_)
        text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert refusal(text) == "type_not_allowed", (where, kind)
    mobile = phonenumbers.example_number_for_type(where, phonenumbers.PhoneNumberType.MOBILE)
    allowed = phonenumbers.format_number(mobile, phonenumbers.PhoneNumberFormat.E164)
    assert recipient(allowed) == Recipient(allowed, where, "mobile")


def test_the_setting_names_the_regions(settings):
    settings.SMS_TO_NUMBER, settings.SMS_ALLOWED_REGIONS = "+15005550099", ["DE", "DO"]
    assert recipient("+4915112345678") == Recipient("+4915112345678", "DE", "mobile")
    assert recipient("+18095551234").region == "DO"
    assert refusal("+14155552671") == "region_not_allowed"


@pytest.mark.parametrize("own", ["", "+1", "Nudge"])
def test_without_any_region_nothing_is_allowed(settings, own):
    settings.SMS_TO_NUMBER, settings.SMS_ALLOWED_REGIONS = own, []
    assert refusal("+14155552671") == "region_not_allowed"
    assert region(own) == ""


def test_what_is_refused_can_still_be_told(settings):
    settings.SMS_ALLOWED_REGIONS = []
    assert parsed("+19005551234") == Recipient("+19005551234", "US", "premium_rate")


def test_the_tables_of_all_countries_are_loaded_only_where_a_number_is_read():
    code = (
        "import sys, django; django.setup(); import accounts.admin_urls, sms.api.urls, sms.service;"
        "print('phonenumbers' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("number", ["+15005550006", "+4915112345678", "+" + "9" * 15])
def test_an_international_number_is_e164(number):
    assert is_e164(number)


@pytest.mark.parametrize(
    "number",
    [
        *("", "+", "15005550006", "+05005550006", "+1 500", "+1500555000a", "+15\n"),
        "+" + "9" * 16,
        "+\u0661\u0662\u0663\u0664",
    ],
)
def test_anything_else_is_not(number):
    assert not is_e164(number)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("", ""), ("+15005550006", "+…06"), ("015112345678", "…78"), ("1234", "…"), ("+123", "+…")],
)
def test_two_digits_stay(number, shown):
    assert masked(number) == shown


def test_numbers_within_a_text_are_masked_and_codes_stay():
    text = "Error 21211: The 'To' number +15005550001 is not valid, nor is 4915112345678."
    assert with_masked_numbers(text) == (
        "Error 21211: The 'To' number +…01 is not valid, nor is …78."
    )
