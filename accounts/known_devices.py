"""Known devices, which may still log in while wrong passwords of strangers lock the account.

A device sends a signed token, in a cookie of the pages or the header Device-Token of the API
(OWASP: "Slow Down Online Guessing Attacks with Device Cookies"). The server does not store it. A
known device still needs the password, but its guesses are counted separately.
"""

import secrets
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.db.models import Q
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from accounts.models import User

HEADER = "Device-Token"
KEPT_SECONDS = 365 * 24 * 3600
_SALT = "accounts.known_devices"
_ISSUED = "nudge.device"  # in request.META, where clients can only set HTTP_... keys
_NEW = "nudge.new_device"


class Device(NamedTuple):
    account: str
    id: str


def device_of(request: HttpRequest, address: str) -> Device | None:
    """The device of this request, if it has logged in to this address before."""
    device = _presented(request)
    if device is None:
        return None
    proved = Q(emailaddress__email=address, emailaddress__verified=True)
    theirs = User.objects.filter(Q(email=address) | proved, pk=device.account)
    return device if theirs.exists() else None


@receiver(user_logged_in)
def issue(request: HttpRequest, user: User, **kwargs: object) -> None:
    """Issue a token, unless the device has one: a new one would allow more guesses."""
    device = _presented(request)
    if device is None or device.account != str(user.pk):
        device = Device(account=str(user.pk), id=secrets.token_urlsafe(12))
        request.META[_NEW] = True
    request.META[_ISSUED] = signing.dumps([device.account, device.id], salt=_SALT)


def is_new(request: HttpRequest) -> bool:
    """Whether this is the first log-in of the device."""
    return _NEW in request.META


def tell(request: HttpRequest, response: HttpResponse) -> None:
    """Send the token that this log-in has issued."""
    token = request.META.get(_ISSUED)
    if token is None:
        return
    if request.path_info.startswith("/api/"):
        response[HEADER] = token
        return
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        token,
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _presented(request: HttpRequest) -> Device | None:
    token = request.headers.get(HEADER) or request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        account, identifier = signing.loads(token, salt=_SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    return Device(account=account, id=identifier)
