"""Two spellings of one number are one subscriber, at every entry point."""

import itertools
from collections import defaultdict
from datetime import timedelta

import phonenumbers
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.twilio.stub import ACCOUNT_SID
from sms import delivery, status_updates
from sms.models import Consent, Message, OptOut, Phone
from sms.telephony import canonical, forms, parsed
from tests.sms.conftest import allow
from tests.sms.twilio.signed_calls import INBOUND, configure, post
from tests.task_backends import recorded

URL = "/api/v1/sms/messages/"
STRANGER = "+5491123450002"
# The canonical form, and what people, address books and networks write.
SPELLINGS = {
    "+5491123450001": ["+541123450001", "+54 9 11 2345-0001", "+54 11 15-2345-0001"],
    "+5511987650003": ["+551187650003", "+55 (11) 98765\u20110003", "+55 0 11 8765 0003"],
    "+5511971234567": ["+551171234567"],
    "+525512345678": ["+5215512345678", "+52 1 55 1234 5678"],
    "+14155552671": ["\u202a+1 (415) 555\u20112671\u202c", "\uff0b1415\u00a0555\u20132671"],
}
PAIRS = [(number, form) for number, written in SPELLINGS.items() for form in written]
PAIRS += [(form, number) for number, form in PAIRS]
SIDS = itertools.count(1)
REGIONS = ["US", "AR", "BR", "MX"]


@pytest.fixture(autouse=True)
def _regions(settings) -> None:
    configure(settings)
    settings.SMS_ALLOWED_REGIONS = REGIONS


def write(word: str, number: str) -> None:
    sid = f"SM{next(SIDS):032x}"
    call = {"AccountSid": ACCOUNT_SID, "From": number, "Body": word, "MessageSid": sid}
    assert post(INBOUND, call).status_code == 200


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_spelling_is_the_canonical_form(first, second):
    assert canonical(first) == canonical(second) in SPELLINGS
    assert canonical(canonical(first)) == canonical(first)


@pytest.mark.django_db
@pytest.mark.parametrize(("stopped", "sent_to"), PAIRS)
def test_an_opt_out_holds_for_every_spelling_and_start_ends_it(phone, provider, stopped, sent_to):
    OptOut.objects.create(number=STRANGER, source="inbound")
    write("STOP", stopped)
    answer = phone.post(URL, {"to": sent_to, "body": "a"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "opted_out")
    write("START", sent_to)
    assert set(OptOut.objects.values_list("number", flat=True)) == {STRANGER}
    assert phone.post(URL, {"to": stopped, "body": "a"}).json()["to"] == canonical(stopped)


@pytest.mark.django_db(transaction=True)
def test_an_opt_out_stops_what_is_scheduled(phone, provider, settings):
    recorded(settings)
    soon, ends = (timezone.now() + timedelta(minutes=5)).isoformat(), {}
    for stopped, sent_to in [*PAIRS, (STRANGER, STRANGER)]:
        text = {"to": sent_to, "body": "a", "send_at": soon}
        pk = phone.post(URL, text).json()["id"]
        Message.objects.filter(pk=pk).update(to=forms(sent_to)[-1])  # as the release before
        ends[pk] = "opted_out" if stopped != STRANGER else ""
    for stopped, _ in PAIRS:
        write("STOP", stopped)
    Message.objects.update(next_attempt_at=timezone.now())
    for pk in ends:
        delivery.deliver(pk)
    assert {str(row.pk): row.error_code for row in Message.objects.all()} == ends
    assert [canonical(message["to"]) for message in provider.sent] == [STRANGER]


@pytest.mark.django_db
def test_what_the_release_before_stores_meanwhile_holds_too(phone, provider):
    """Between the migration and the switch, the previous version writes the forms that it knows."""
    for number in SPELLINGS:
        for other in forms(number)[1:]:
            OptOut.objects.create(number=other, source="inbound")
            assert phone.post(URL, {"to": number, "body": "a"}).status_code == 409
            write("STOP", number)
            write("START", number)
            assert not OptOut.objects.filter(number__in=[number, other]).exists()


@pytest.mark.django_db
def test_what_the_release_before_stored_is_shown_and_is_no_news(alice):
    for number in SPELLINGS:
        for other in forms(number)[1:]:
            OptOut.objects.create(number=other, source="inbound")
            assert Phone(account=alice, number=number).has_opted_out()
            status_updates.opt_out(number)
    assert not Phone(account=alice, number=STRANGER).has_opted_out()
    assert not Consent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("number", SPELLINGS)
def test_all_spellings_share_the_limit_of_a_number(numbered, phone, settings, number):
    settings.SMS_DESTINATION_DAILY_LIMIT = len(SPELLINGS[number])
    for form in SPELLINGS[number]:
        assert phone.post(URL, {"to": form, "body": "a"}).status_code == 202
    assert phone.post(URL, {"to": number, "body": "a"}).status_code == 429
    assert phone.post(URL, {"to": STRANGER, "body": "a"}).status_code == 202


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_list_is_filtered_by_any_spelling(phone, first, second):
    for to in (first, STRANGER):
        phone.post(URL, {"to": to, "body": "a"})
    found = [row["to"] for row in phone.get(URL, {"to": second}).json()["results"]]
    assert found == [canonical(first)]
    unquoted = second.replace("\uff0b", "+").replace("+", " ")  # `+` in a query string
    assert len(phone.get(URL, {"to": unquoted}).json()["results"]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["banana", "+", "+1", "4155552671x", "whatsapp:+14155552671"])
def test_a_filter_that_is_no_number_is_refused(phone, given):
    answer = phone.get(URL, {"to": given})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["code"], error["attr"]) == ("invalid_recipient", "to")


@pytest.mark.django_db
def test_the_number_of_the_service_may_be_written_in_any_way(provider, api, alice, settings):
    """An opt-out of it holds as well, and so does the operator's choice of another region."""
    phone, settings.SMS_ALLOWED_REGIONS = api(allow(alice)), ["AR"]
    settings.SMS_TO_NUMBER = "+54 11 2345-0001"
    assert phone.post("/service/sms/send", {"msg": "a"}).status_code == 201
    assert provider.sent[0]["to"] == "+5491123450001"
    write("STOP", "+541123450001")
    assert phone.post("/service/sms/send", {"msg": "a"}).status_code == 400


@pytest.mark.django_db
def test_the_admin_finds_and_stores_any_spelling(phone, web, staff):
    browser = web(staff)
    for number, written in SPELLINGS.items():
        phone.post(URL, {"to": number, "body": "a"})
        form = {"number": f" {written[0]} "}
        assert browser.post("/admin/sms/optout/add/", form).status_code == 302
        again = browser.post("/admin/sms/optout/add/", {"number": written[-1]})
        assert "already exists" in again.content.decode()
    assert set(OptOut.objects.values_list("number", flat=True)) == set(SPELLINGS)
    for number, form in PAIRS:
        for kind in ("message", "optout"):
            page = browser.get(f"/admin/sms/{kind}/", {"q": form}).content.decode()
            shown = [other for other in SPELLINGS if f">{other}<" in page]
            assert shown == [canonical(number)], (kind, form)


@pytest.mark.wide
@pytest.mark.django_db(transaction=True)
def test_rows_of_the_release_before_become_canonical(alice):
    executor = MigrationExecutor(connection)
    executor.migrate([before := ("sms", "0006_retry_of")])
    old = executor.loader.project_state([before]).apps
    moment = timezone.now()
    rows = [
        ("+541123450001", "inbound", 1),
        ("+5491123450001", "admin", 2),
        ("+551187650003", "provider", 1),
        ("+5511987650003", "inbound", 2),
        ("+525512345678", "inbound", 1),
        ("Nudge", "admin", 1),
    ]
    for number, source, minute in rows:
        at = moment + timedelta(minutes=minute)
        old.get_model("sms", "OptOut").objects.create(number=number, source=source, created_at=at)
    texts = old.get_model("sms", "Message").objects
    for to in ("+541123450001", "+5491123450001", "+5215512345678", "", "Nudge"):
        texts.create(sender_id=alice.pk, to=to, body="a", provider="console")
    asked_for = {"sender_id": alice.pk, "to": "+541123450003", "body": "a", "provider": "twilio"}
    texts.create(state="unknown", **asked_for)
    executor = MigrationExecutor(connection)
    executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] == "sms"])
    assert set(OptOut.objects.values_list("number", "source")) == {
        ("+5491123450001", "admin"),
        ("+5511987650003", "provider"),
        ("+525512345678", "inbound"),
        ("Nudge", "admin"),
    }
    assert sorted(Message.objects.values_list("to", flat=True)) == [
        *("", "+525512345678", "+541123450003", "+5491123450001", "+5491123450001", "Nudge"),
    ]


def examples() -> list[str]:
    """A valid number of every type in every region, and of what belongs to no region."""
    kinds = phonenumbers.PhoneNumberType.values()
    found = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in kinds
    ]
    found += map(
        phonenumbers.example_number_for_non_geo_entity,
        phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS,
    )
    written = phonenumbers.PhoneNumberFormat.E164
    return sorted({phonenumbers.format_number(number, written) for number in found if number})


EXAMPLES = examples()
RENUMBERED = ("+52", "+54", "+55")


@settings(max_examples=settings().max_examples // 5)
@given(st.lists(st.tuples(st.sampled_from(EXAMPLES), st.integers(0, 999)), min_size=50))
def test_two_subscribers_never_become_one(drawn):
    """But for the countries that docs/sms.md names, where it is one subscriber."""
    numbers = {f"{example[:-3]}{ending:03}" for example, ending in drawn}
    numbers = {number for number in numbers if canonical(number) != number or is_valid(number)}
    merged = defaultdict(set)
    for number in numbers:
        form = canonical(number)
        assert canonical(form) == form
        assert set(forms(number)) == set(forms(form))
        assert parsed(form).region == region(number)
        merged[form].add(number)
    for form, written in merged.items():
        assert written == {form} or form.startswith(RENUMBERED)
        assert written <= set(forms(form))


def test_the_example_of_every_region_keeps_its_digits():
    changed = {number: canonical(number) for number in EXAMPLES if canonical(number) != number}
    assert changed == {"+541123456789": "+5491123456789"}
    assert len({number[:3] for number in EXAMPLES}) > 70


def is_valid(number: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(number))


def region(number: str) -> str | None:
    """By the country code alone where the number as it is written is not valid any more."""
    found = phonenumbers.parse(number)
    return phonenumbers.region_code_for_number(found) or phonenumbers.region_code_for_country_code(
        found.country_code or 0
    )
