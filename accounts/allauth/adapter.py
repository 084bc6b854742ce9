"""The decisions that allauth leaves to the product."""

import json
import logging
from contextlib import suppress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal import flows
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import clean_client_ip, is_headless_request
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.internal.restkit.response import ErrorResponse
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.validators import MaxLengthValidator
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts import mails
from accounts.allauth.leaving import offer_to_keep
from accounts.audit import Kind, record
from accounts.factors.proofs import is_proof_due
from accounts.known_devices import is_new
from accounts.login_throttle import LOCKED, begin_guess, reopen
from accounts.mailboxes import key_of
from accounts.models import User
from accounts.passwords import normal
from accounts.registration import is_open, use_invitation
from core.errors import MailAway
from core.http import client_address

logger = logging.getLogger(__name__)

# This mail is never sent. The code still connects to the mail server, so that an error of the
# server does not disclose which addresses have an account.
UNKNOWN = "account/email/unknown_account"
UNKNOWN_ADDRESS = "::"  # a server behind a Unix socket sees no address
_email_fits = MaxLengthValidator(254)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def get_client_ip(self, request: HttpRequest) -> str:
        """Count rate limits by the real address, because a client can forge X-Forwarded-For."""
        return clean_client_ip(client_address(request)) or UNKNOWN_ADDRESS

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """If two old accounts share a mailbox under different spellings, try both."""
        user: User | None = super().authenticate(request, **credentials)
        if user is None:
            user = self._older_double(**credentials)
        if user and not request.user.is_authenticated:
            user.renew_password(credentials["password"])
        return user

    def _older_double(self, email: str, password: str) -> User | None:
        doubles: QuerySet[User] = User.objects.filter(has_old_spelling=True)
        for double in doubles:
            if key_of(double.email) == key_of(email) and double.check_password(password):
                self._login_failed_rl_usage.rollback()
                found: User = double
                return found
        return None

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """allauth rolls `_login_failed_rl_usage` back after a correct password."""
        guess = begin_guess(request, credentials["email"])
        if guess is None:
            raise self.validation_error(LOCKED)
        self._login_failed_rl_usage = guess

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self._login_failed_rl_usage.settle()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        reopen(request, credentials["email"])

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> mails.Mail:
        given = mails.facts(context, self.request)
        with mails.in_words_of(given["recipient"]):
            subject = render_to_string(f"{template_prefix}_subject.txt", given)
            return mails.message(
                template_prefix,
                given,
                subject=self.format_email_subject(" ".join(subject.split())),
                sender=self.get_from_email(),
                to=[email] if isinstance(email, str) else email,
                headers=headers,
            )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Raise MailAway if the mail fails, because the user needs it to continue."""
        try:
            if template_prefix == UNKNOWN:
                mails.knock()
            else:
                super().send_mail(template_prefix, email, context)
        except OSError as error:
            logger.exception(mails.NOT_SENT)
            raise MailAway from error

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """If the mail fails, the reported change stays."""
        with suppress(MailAway):
            super().send_notification_mail(
                template_prefix, user, {**(context or {}), "user": user}, email
            )

    def post_login(self, request: HttpRequest, user: User, *, signup: bool, **kwargs: Any) -> Any:
        """Notify the owner of a log-in from a new device."""
        if is_new(request) and not signup:
            record(user, Kind.NEW_DEVICE, request)
            self.send_notification_mail("account/email/new_device", user)
        return super().post_login(request, user, signup=signup, **kwargs)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Show the reason only to a user who has just entered the correct password."""
        if user.deletion_at is not None:
            raise ImmediateHttpResponse(offer_to_keep(request, user))
        if not is_headless_request(request):
            messages.error(
                request, _("This account is switched off. Ask the operator of this server.")
            )
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def is_reauthentication_required(self, *, app: str | None = None) -> bool:
        return is_proof_due(context.request, context.request.user)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return is_open(request)

    def clean_email(self, email: str) -> str:
        """Check the length: allauth's forms accept 320 characters, but the column holds 254."""
        _email_fits(email)
        return email

    def save_user(
        self,
        request: HttpRequest,
        user: User,
        form: Any,
        commit: bool = True,  # noqa: FBT001, FBT002 - allauth's signature
    ) -> User:
        """If two sign-ups with one address collide, answer the second as for a used address."""
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit)
                use_invitation(request, saved)
        except IntegrityError as error:
            response = self._address_in_use(request, form)
            raise ImmediateHttpResponse(response) from error
        return saved

    def clean_password(self, password: str, user: User | None = None) -> str:
        """Also compare a new password with the address, which allauth's API does not."""
        newcomer = user is None and is_headless_request(context.request)
        if newcomer:
            user = User(email=key_of(json.loads(context.request.body).get("email", "")))
        super().clean_password(normal(password), user)  # the form that is hashed
        if newcomer and user and flows.manage_email.assess_unique_email(user.email) is None:
            make_password(password)  # as accounts.forms.SignupForm does
        return password

    def _address_in_use(self, request: HttpRequest, form: Any) -> HttpResponse:
        """The response that allauth sends if it finds the other account first."""
        headless, email = is_headless_request(request), form.cleaned_data["email"]
        response: HttpResponse
        if flows.manage_email.assess_unique_email(email) is None:  # in use; must stay secret
            response = flows.signup.prevent_enumeration(request, email=email)
            return AuthenticationResponse.from_response(request, response) if headless else response
        taken = self.validation_error("email_taken")
        if headless:
            form.add_error("email", taken)
            response = ErrorResponse(request, input=form)
        else:
            messages.error(request, taken.message)
            response = redirect("account_signup")
        return response
