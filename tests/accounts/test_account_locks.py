"""The locks of an account, in the one order of two steps in which each of them matters."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.db import IntegrityError

from accounts import deletion
from accounts.audit import Kind, SecurityEvent, record
from accounts.factors import additions, changes
from accounts.management.commands.reseal_factors import _reseal
from accounts.models import User
from tests.builders import make_todo
from tests.interleaving import overtake
from todos.models import Todo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def kinds_of_events() -> list[str]:
    return list(SecurityEvent.objects.values_list("kind", flat=True))


def test_of_two_who_ask_for_deletion_at_once_one_is_recorded(alice, bob):
    """The page and a phone; both are told the same deadline."""
    page, phone = User.objects.get(pk=alice.pk), User.objects.get(pk=alice.pk)

    first, second = overtake(
        lambda: deletion.ask(page, None),
        after='FROM "accounts_user"',
        by=lambda: deletion.ask(phone, None),
    )

    assert first == second == User.objects.get(pk=alice.pk).deletion_at
    assert kinds_of_events() == ["deletion_asked"]
    assert User.objects.get(pk=bob.pk).deletion_at is None


def test_what_is_written_in_the_last_moment_of_an_account_does_not_keep_it(alice, bob):
    """After its rows have been deleted, before the account itself is."""
    deletion.begin(alice)

    def write() -> str:
        try:
            record(alice, Kind.EXPORTED)
        except IntegrityError:
            return "refused"
        return "written"

    ends = overtake(
        lambda: deletion.erase(alice), after='DELETE FROM "accounts_securityevent"', by=write
    )

    assert ends == (True, "refused")
    assert [*User.objects.all()] == [bob]
    assert kinds_of_events() == ["deleted"]


def test_a_todo_that_is_written_into_a_list_being_deleted_goes_with_the_account(alice, bob):
    make_todo(alice)
    deletion.begin(alice)

    erased, _late = overtake(
        lambda: deletion.erase(alice),
        after='"todos_todo"."list_id" IN (',
        by=lambda: make_todo(alice, "late"),
    )

    assert erased
    assert [*User.objects.all()] == [bob]
    assert not Todo.objects.exists()


def test_an_app_that_is_being_switched_on_is_reset_too(alice):
    """Else who has stolen the password would have an app in spite of the operator."""
    _app, types = overtake(
        lambda: additions.switch_app_on(alice, "A" * 32).instance.type,
        after='INSERT INTO "mfa_authenticator"',
        by=lambda: changes.reset(alice),
    )

    assert types == ["totp"]
    assert not Authenticator.objects.exists()
    assert [each.subject for each in mail.outbox] == ["Nudge: Your second step was removed"]


def test_a_recovery_code_that_is_used_while_its_seal_is_renewed_stays_used(alice):
    codes = RecoveryCodes.activate(alice).generate_codes()
    key = Authenticator.objects.get().pk

    done = overtake(
        lambda: _reseal(key),
        after='FROM "mfa_authenticator"',
        by=lambda: RecoveryCodes(Authenticator.objects.get(pk=key)).validate_code(codes[0]),
    )

    assert done == (1, True)
    assert RecoveryCodes(Authenticator.objects.get(pk=key)).get_unused_codes() == codes[1:]


def test_a_recovery_code_that_is_used_while_the_codes_are_first_shown_stays_used(alice):
    codes = RecoveryCodes.activate(alice).generate_codes()
    key = Authenticator.objects.get().pk
    shown = RecoveryCodes(Authenticator.objects.get(pk=key))

    done = overtake(
        shown.mark_as_viewed,
        after='FROM "mfa_authenticator"',
        by=lambda: RecoveryCodes(Authenticator.objects.get(pk=key)).validate_code(codes[0]),
    )

    assert done == (None, True)
    assert RecoveryCodes(Authenticator.objects.get(pk=key)).get_unused_codes() == codes[1:]
