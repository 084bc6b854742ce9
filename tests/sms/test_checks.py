"""Every check has an id, a cure and a test."""

import pytest
from django.core.checks import Error, run_checks

from sms.checks import check_provider, check_regions
from tests.sms.conftest import FROM, TO
from tests.sms.twilio_stub import ACCOUNT_SID, AUTH_TOKEN


@pytest.fixture
def complete(settings) -> None:
    settings.SMS_PROVIDER = "twilio"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.SMS_FROM_NUMBER, settings.SMS_TO_NUMBER = FROM, TO
    settings.TWILIO_API_BASE_URL = "https://api.twilio.com"
    settings.TWILIO_MESSAGING_SERVICE_SID, settings.PUBLIC_BASE_URL = "", ""


def ids() -> list[str]:
    return [str(message.id) for message in check_provider()]


def test_the_console_needs_nothing(settings):
    settings.SMS_PROVIDER = "console"
    settings.TWILIO_ACCOUNT_SID = settings.SMS_TO_NUMBER = settings.TWILIO_API_BASE_URL = ""
    assert check_provider() == []


def test_an_unknown_provider_is_an_error(settings):
    settings.SMS_PROVIDER = "twillio"
    assert check_provider() == [
        Error(
            "SMS_PROVIDER names no provider: 'twillio'.",
            hint="Set SMS_PROVIDER to one of: console, twilio, aws, memory.",
            id="sms.E001",
        )
    ]


@pytest.mark.usefixtures("complete")
def test_twilio_with_everything_is_fine():
    assert check_provider() == []


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("name", "values", "id"),
    [
        ("TWILIO_ACCOUNT_SID", ["", "AC1", ACCOUNT_SID.lower(), ACCOUNT_SID + "0"], "sms.E002"),
        ("TWILIO_ACCOUNT_SID", ["SK" + "0" * 32, "AC" + "G" * 32], "sms.E002"),
        ("TWILIO_AUTH_TOKEN", [""], "sms.E003"),
        ("SMS_FROM_NUMBER", ["", "15005550006", "Nudge", "+1500 555 0006"], "sms.E004"),
        ("SMS_TO_NUMBER", ["", "whatsapp:+15005550006", "+0123456789"], "sms.E005"),
        ("TWILIO_API_BASE_URL", ["", "http://api.twilio.com", "ftp://localhost"], "sms.E006"),
        ("TWILIO_API_BASE_URL", ["https://", "https://[::1", "api.twilio.com"], "sms.E006"),
        ("TWILIO_API_BASE_URL", ["http://10.0.0.1", "http://localhost.evil.example"], "sms.E006"),
        ("TWILIO_MESSAGING_SERVICE_SID", ["MG", "AC" + "0" * 32], "sms.E007"),
        ("PUBLIC_BASE_URL", ["http://nudge.example.com", "nudge.example.com"], "sms.E008"),
    ],
)
def test_a_setting_that_twilio_cannot_use_is_an_error(settings, name, values, id):  # noqa: A002
    for value in values:
        setattr(settings, name, value)
        assert ids() == [id], value
        [message] = check_provider()
        assert isinstance(message, Error)
        assert message.hint


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    "url",
    [
        *("https://api.dublin.ie1.twilio.com", "http://127.0.0.1:8112", "http://127.9.9.9"),
        *("http://[::1]:8112", "http://localhost:8112", "https://10.0.0.1"),
    ],
)
def test_plain_http_is_for_this_machine_only(settings, url):
    settings.TWILIO_API_BASE_URL = url
    assert ids() == []


@pytest.mark.usefixtures("complete")
def test_no_message_quotes_a_credential(settings):
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_API_BASE_URL = AUTH_TOKEN
    assert ids() == ["sms.E002", "sms.E006"]
    assert AUTH_TOKEN not in repr(check_provider())


@pytest.mark.django_db
def test_the_checks_are_registered(settings):
    settings.SMS_PROVIDER = "nothing"
    assert "sms.E001" in [message.id for message in run_checks()]


def test_regions_that_exist_are_fine(settings):
    for regions in ([], ["DE", "US", "DO"]):
        settings.SMS_ALLOWED_REGIONS = regions
        assert check_regions() == []


@pytest.mark.parametrize("name", ["de", "UK", "Germany", "+49", "001"])
def test_a_region_that_does_not_exist_is_an_error(settings, name):
    settings.SMS_ALLOWED_REGIONS = ["DE", name]
    assert check_regions() == [
        Error(
            f"SMS_ALLOWED_REGIONS names no region: {name!r}.",
            hint="Write regions in two capital letters (ISO 3166-1), such as DE,US.",
            id="sms.E013",
        )
    ]


@pytest.mark.usefixtures("complete")
def test_a_pool_of_senders_replaces_the_number(settings):
    settings.SMS_FROM_NUMBER, settings.TWILIO_MESSAGING_SERVICE_SID = "", "MG" + "0" * 32
    assert ids() == []
