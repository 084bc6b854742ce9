"""Logged-in browsers and phones, with readable names."""

import re
from collections.abc import Iterable
from typing import Any, Final

from allauth.core import context
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _

from accounts.audit import Kind, record
from accounts.models import User
from core.values import line

# The first match counts. Browsers also name their ancestors, so newer browsers come first.
BROWSERS: Final = (
    (r"\bEdg(?:e|A|iOS)?/", "Edge"),
    (r"\b(?:OPR|Opera|OPT)/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\bMicroMessenger/", "WeChat"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"(?:\b|Headless)(?:Chrome|CriOS|Chromium)/", "Chrome"),
    (r"\bSafari/", "Safari"),
)
SYSTEMS: Final = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bWindows\b", "Windows"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bMac OS X\b|\bMacintosh\b|\bDarwin/", "macOS"),
    (r"\bLinux\b", "Linux"),
)
NAME_LENGTH: Final = 60
_NAME: Final = "name"  # in UserSession.data
_PRODUCT: Final = re.compile(r"[^/(;]{1,40}")


def device_name(user_agent: str) -> str:
    """ "Chrome on Linux", or the name of a program that is no browser."""
    browser = _first(BROWSERS, user_agent) or _program(user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown device")


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for pattern, name in table if re.search(pattern, user_agent)), "")


def _program(user_agent: str) -> str:
    product = _PRODUCT.match(user_agent)
    name = product[0].strip() if product else ""
    return "" if name == "Mozilla" else name


def devices_of(user: User) -> list[UserSession]:
    """The current device first, then by last use."""
    found: list[Any] = UserSession.objects.purge_and_list(user)
    found.sort(key=lambda device: (device.is_current(), device.last_seen_at), reverse=True)
    for device in found:
        device.name = name_of(device)
    return found


def name_of(device: UserSession) -> str:
    """The name that its owner chose, otherwise the browser and the system."""
    return str(device.data.get(_NAME) or device_name(device.user_agent))


def rename(device: UserSession, name: str) -> None:
    """An empty name restores that of the browser."""
    device.data[_NAME] = line(name.replace("\0", ""))[:NAME_LENGTH]
    device.save(update_fields=["data"])


def end(user: User, device: str = "") -> list[str]:
    """Log out one device, or all but the current one without an id; returns their names."""
    others = [each for each in devices_of(user) if not each.is_current()]
    ended = [each for each in others if not device or str(each.pk) == device]
    end_all(ended)
    return [str(getattr(each, "name", "")) for each in ended]


def end_all(devices: Iterable[UserSession]) -> None:
    for each in devices:
        each.end()
        record(each.user, Kind.DEVICE_ENDED, context.request, device=name_of(each))
