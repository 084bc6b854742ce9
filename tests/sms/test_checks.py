"""Every check has an id, a cure and a test."""

import pytest
from django.core.checks import Error, Warning, run_checks  # noqa: A004 - Django's name

from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN
from sms.checks import check_numbers, check_provider, check_regions
from tests.sms.conftest import FROM, TO


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
            "SMS_PROVIDER is not a known provider: 'twillio'.",
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
            f"SMS_ALLOWED_REGIONS has an unknown region: {name!r}.",
            hint="Write regions in two capital letters (ISO 3166-1), such as DE,US.",
            id="sms.E013",
        )
    ]


@pytest.mark.usefixtures("complete")
def test_a_pool_of_senders_replaces_the_number(settings):
    settings.SMS_FROM_NUMBER, settings.TWILIO_MESSAGING_SERVICE_SID = "", "MG" + "0" * 32
    assert ids() == []


# --- Numbers -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("provider", ["twilio", "aws"])
@pytest.mark.parametrize(
    ("number", "regions", "code"),
    [
        ("+19005551234", [], "type_not_allowed"),
        ("+18005551212", ["US"], "type_not_allowed"),
        (TO, ["DE"], "region_not_allowed"),
        ("+447700900123", [], "invalid_recipient"),
        ("+447700900123", ["GB"], "invalid_recipient"),
    ],
)
def test_a_number_that_no_text_may_go_to_is_an_error(settings, provider, number, regions, code):
    settings.SMS_PROVIDER = provider
    settings.SMS_TO_NUMBER, settings.SMS_ALLOWED_REGIONS = number, regions
    assert check_numbers() == [
        Error(
            f"Messages to TO_NUMBER are not allowed ({code}).",
            hint="Set TO_NUMBER to a number of an allowed type in an allowed region.",
            id="sms.E014",
        )
    ]


@pytest.mark.usefixtures("complete")
def test_a_sender_that_does_not_exist_is_a_warning(settings):
    settings.SMS_FROM_NUMBER = "+447700900123"
    assert check_numbers() == [
        Warning(
            "FROM_NUMBER is not a number in use.",
            hint="Set FROM_NUMBER to a number of your account, such as +15005550006.",
            id="sms.W001",
        )
    ]


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("number", ["+18005551212", "+4915112345678", FROM])
def test_a_sender_may_be_toll_free_or_of_another_country(settings, number):
    settings.SMS_FROM_NUMBER = number
    assert check_numbers() == []


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("number", ["", "Nudge", "12345"])
def test_the_form_of_a_number_is_for_the_provider_to_check(settings, number):
    settings.SMS_TO_NUMBER = settings.SMS_FROM_NUMBER = number
    assert check_numbers() == []
    assert ids() == ["sms.E004", "sms.E005"]


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("provider", ["console", "memory", "nothing"])
def test_where_texts_cost_nothing_any_number_will_do(settings, provider):
    settings.SMS_PROVIDER, settings.SMS_TO_NUMBER = provider, "+19005551234"
    assert check_numbers() == []


@pytest.mark.usefixtures("complete")
@pytest.mark.django_db
def test_the_check_of_numbers_is_registered(settings):
    settings.SMS_TO_NUMBER = "+19005551234"
    assert "sms.E014" in [message.id for message in run_checks()]
