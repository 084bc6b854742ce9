"""Mailed codes: three guesses, one use, void after a change, and never stored.

allauth stores the plain code in the session, with a number of failures that simultaneous guesses do
not share. Here the session has a keyed hash of the code, and counters decide (`core.limits`).
"""

import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, NamedTuple

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import password_reset
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.password_reset_by_code import (
    PASSWORD_RESET_VERIFICATION_SESSION_KEY,
    PasswordResetVerificationProcess,
)
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import cryptokit
from allauth.core.internal.httpkit import is_headless_request
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from core.limits import Limit, give_back, take, used
from core.values import with_plain_digits

GUESSES = 3
_SALT = "accounts.codes"
_KEPT = timedelta(days=1)  # of the counters: longer than the lifetime of any code


class Seal(NamedTuple):
    """The data of a code in the session: enough to recognise the code, not to read it."""

    id: str
    sealed_at: int
    account: str  # a keyed hash of the former password and addresses
    code: str  # a keyed hash

    @classmethod
    def of(cls, code: str, user: User | None) -> "Seal":
        """The seal of a code. An empty code, for an unknown address, gets a seal that nothing
        opens.
        """
        name = secrets.token_urlsafe(12)
        now = int(timezone.now().timestamp())
        hashed = _code_hash(name, code or secrets.token_urlsafe())
        return cls(id=name, sealed_at=now, account=_account_hash(user), code=hashed)

    @classmethod
    def read(cls, text: str) -> "Seal | None":
        match text.split(":"):
            case [name, sealed_at, account, code]:
                return cls(id=name, sealed_at=int(sealed_at), account=account, code=code)
        return None

    def __str__(self) -> str:
        return f"{self.id}:{self.sealed_at}:{self.account}:{self.code}"

    def opens_with(self, typed: str) -> bool:
        """Count the guess before the comparison. Return a correct guess, because a client may check
        a code before it uses it.
        """
        if not take(self._guesses, at=self._at):
            return False
        if not constant_time_compare(_code_hash(self.id, typed), self.code):
            return False
        give_back(self._guesses, at=self._at)
        return True

    def is_dead(self, user: User | None) -> bool:
        """Whether there were too many guesses, or the password or an address has changed."""
        outdated = not constant_time_compare(self.account, _account_hash(user))
        return outdated or used(self._guesses, at=self._at) >= GUESSES

    def use(self) -> bool:
        """True for exactly one caller."""
        return take(self._limit("used", 1), at=self._at)

    @property
    def _guesses(self) -> Limit:
        return self._limit("guesses", GUESSES)

    @property
    def _at(self) -> datetime:
        """The creation time of the code, so that midnight does not reset its counters."""
        return datetime.fromtimestamp(self.sealed_at, UTC)

    def _limit(self, what: str, amount: int) -> Limit:
        return Limit(scope=f"code:{self.id}:{what}", amount=amount, window=_KEPT)


def plain(code: str) -> str:
    """The letters and digits of a typed code in one case, without dashes and blanks."""
    text = with_plain_digits(unicodedata.normalize("NFKC", code))
    return "".join(each for each in text if each.isalnum()).casefold()


def _code_hash(name: str, code: str) -> str:
    return salted_hmac(_SALT, f"{name}:{plain(code)}", algorithm="sha256").hexdigest()


def _account_hash(user: User | None) -> str:
    if user is None:
        return "none"
    known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    addresses = sorted({user.email, *known})
    facts = "\n".join([str(user.pk), user.password, *addresses])
    return salted_hmac(_SALT, facts, algorithm="sha256").hexdigest()


def install() -> None:
    """allauth has no hooks here; tests/accounts/test_codes.py watches every name."""
    cryptokit.compare_user_code = is_right  # before its forms are imported
    AbstractCodeVerificationProcess.is_valid = _is_alive(AbstractCodeVerificationProcess.is_valid)
    for process in (PasswordResetVerificationProcess, EmailVerificationProcess):
        process.persist = _sealing(process.persist)
    EmailVerificationProcess.finish = _using(EmailVerificationProcess.finish)
    password_reset.reset_password = reset_password


def is_right(*, actual: str, expected: str) -> bool:
    seal = Seal.read(expected or "")
    return seal is not None and seal.opens_with(actual)


def reset_password(user: User, password: str) -> None:
    """Let only one of several simultaneous requests set the password."""
    request = context.request
    state = request.session.get(PASSWORD_RESET_VERIFICATION_SESSION_KEY) or {}
    seal = Seal.read(state.get("code", ""))
    with transaction.atomic():
        now = User.objects.select_for_update().filter(pk=user.pk).first()
        if seal is None or seal.is_dead(now) or not seal.use():
            request.session.pop(PASSWORD_RESET_VERIFICATION_SESSION_KEY, None)
            raise ImmediateHttpResponse(_used_up(request, "account_reset_password"))
        get_adapter().set_password(user, password)


def _is_alive(in_time: Any) -> Any:
    @wraps(in_time)
    def is_valid(process: Any) -> bool:
        seal = Seal.read(process.code)
        return bool(seal and in_time(process) and not seal.is_dead(process.user))

    return is_valid


def _sealing(persist: Any) -> Any:
    @wraps(persist)
    def sealing(process: Any) -> None:
        """Replace the plain code by its seal once the mail is sent."""
        if Seal.read(process.code) is None:
            process.state["code"] = str(Seal.of(process.code, process.user))
        persist(process)

    return sealing


def _using(finish: Any) -> Any:
    @wraps(finish)
    def using(process: Any) -> Any:
        seal = Seal.read(process.code)
        if seal is None or not seal.use():
            raise ImmediateHttpResponse(_used_up(process.request, "account_login"))
        return finish(process)

    return using


def _used_up(request: HttpRequest, page: str) -> HttpResponse:
    if is_headless_request(request):
        from allauth.headless.base.response import ConflictResponse  # noqa: PLC0415 - for the API

        conflict: HttpResponse = ConflictResponse(request)
        return conflict
    return redirect(page)
