"""The ledger: each STOP and START, by whom, and nothing in it is ever changed."""

import pytest
from django.contrib.auth.models import Permission

from sms import consent, status_updates
from sms.consent import Asker
from sms.models import Consent, OptOut, Phone, Source
from tests.sms.test_inbound import fields
from tests.sms.twilio.signed_calls import INBOUND, configure, post

pytestmark = pytest.mark.django_db
NUMBER = "+15005550098"


def entries() -> list[tuple]:
    rows = Consent.objects.order_by("id")
    return list(rows.values_list("account__email", "number", "event", "source", "words"))


def test_stop_and_start_by_text_are_written_down_with_their_words(settings, alice, bob):
    configure(settings)
    Phone.objects.create(account=alice, number=NUMBER)
    for number, body in enumerate(("Stop, please!", "START", "START")):
        told = fields(body, NUMBER, f"SM{min(number, 1):032x}")
        assert post(INBOUND, told).status_code == 200
    post(INBOUND, fields("STOP" + "!" * 900, "+15005550097", f"SM{9:032x}"))
    first = ("alice@example.com", NUMBER)
    assert entries()[:2] == [
        (*first, "stopped", "text", "Stop, please!"),
        (*first, "started", "text", "START"),
    ]
    [last] = entries()[2:]
    assert (last[:4], len(last[4])) == ((None, "+15005550097", "stopped", "text"), 500)


def test_words_that_postgresql_cannot_store_lose_only_the_zero(rf, alice):
    request = rf.get("/", HTTP_USER_AGENT="Fire\0fox")
    asker = Asker.of(request, Source.PAGE)
    consent.note("agreed", NUMBER, account=alice, asker=asker, said="I \0agree.")
    entry = Consent.objects.get()
    assert (entry.words, entry.user_agent) == ("I agree.", "Firefox")


def test_what_the_provider_and_operators_stop_is_written_down_once(web, staff, alice):
    Phone.objects.create(account=alice, number=NUMBER)
    OptOut.objects.create(number="+15005550097", source="inbound")
    for _ in range(2):
        status_updates.opt_out(NUMBER)
    OptOut.objects.all().delete()
    browser = web(staff)
    browser.post("/admin/sms/optout/add/", {"number": NUMBER})
    browser.post(f"/admin/sms/optout/{OptOut.objects.get().pk}/delete/", {"post": "yes"})
    browser.post("/admin/sms/optout/add/", {"number": NUMBER})
    chosen = {"action": "delete_selected", "_selected_action": OptOut.objects.get().pk}
    browser.post("/admin/sms/optout/", {**chosen, "post": "yes"})
    assert [each[2:4] for each in entries()] == [
        ("stopped", "provider"),
        *[("stopped", "admin"), ("started", "admin")] * 2,
    ]
    assert {each[0] for each in entries()} == {"alice@example.com"}


def test_nothing_is_changed_or_removed_but_the_account_that_goes(alice, bob):
    entry = Consent.objects.create(account=alice, number=NUMBER, event="agreed", source="page")
    rows = Consent.objects.filter(pk=entry.pk)
    for change in (entry.save, entry.delete, rows.delete, lambda: rows.update(words="x")):
        with pytest.raises(TypeError, match="never"):
            change()
    alice.delete()
    assert entries() == [(None, NUMBER, "agreed", "page", "")]
    assert str(Consent.objects.get()) == "agreed by page"


def test_staff_read_the_ledger_and_numbers_are_masked(web, staff, alice):
    entry = Consent.objects.create(account=alice, number=NUMBER, event="agreed", source="page")
    phone = Phone.objects.create(account=alice, number=NUMBER)
    helper = alice.__class__.objects.create_user("helper@example.com", "x", is_staff=True)

    names = ("view_consent", "view_phone")
    helper.user_permissions.set(Permission.objects.filter(codename__in=names))
    for path in (f"consent/{entry.pk}", f"phone/{phone.pk}"):
        seen = web(helper).get(f"/admin/sms/{path}/change/").text
        assert (NUMBER in seen, "+…98" in seen) == (False, True)
        assert NUMBER in web(staff).get(f"/admin/sms/{path}/change/").text
        listed = web(helper).get(f"/admin/sms/{path.partition('/')[0]}/").text
        assert (NUMBER in listed, "+…98" in listed) == (False, True)
        assert web(staff).post(f"/admin/sms/{path}/change/", {"words": "x"}).status_code == 403
        assert web(staff).post(f"/admin/sms/{path}/delete/", {"post": "yes"}).status_code == 403


def test_from_where_somebody_agrees_is_cut_to_what_is_needed(rf):
    request = rf.get("/", headers={"User-Agent": "a\0" * 500}, REMOTE_ADDR="192.0.2.7")
    asker = Asker.of(request, Source.PAGE)
    assert (len(asker.user_agent), asker.address) == (120, "192.0.2.7")


def test_names_of_rows_disclose_no_number(alice):
    phone = Phone(account=alice, number=NUMBER)
    assert str(phone) == f"phone of {alice.pk}"
