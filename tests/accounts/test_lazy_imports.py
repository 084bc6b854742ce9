"""Only a request that uses a second factor pays for what checks it."""

import json
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest

from accounts.factors import lazily
from tests.config.conftest import ROOT

SLOW = ["fido2", "cryptography", "qrcode"]
PROGRAM = """
import json, os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["DATABASE_URL"] = "sqlite:///:memory:"
import django
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
SLOW = json.loads(sys.argv[1])
loaded = {}
def note(name):
    loaded[name] = [each for each in SLOW if each in sys.modules]
note("setup")
from django.core.management import call_command
call_command("migrate", verbosity=0)
note("migrate")
from django.test import Client
from accounts.models import User
from allauth.account.models import EmailAddress
user = User.objects.create_user("alice@example.com", "correct horse battery")
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
AUTH, JSON = "/api/auth/app/v1/", "application/json"
form = {"login": user.email, "password": "correct horse battery"}
body = {"email": user.email, "password": form["password"]}
page, stranger = Client(), Client()
assert page.get("/auth/login/").status_code == 200
assert page.post("/auth/login/", form).status_code == 302
assert page.get("/auth/2fa/").status_code == 200
assert page.get("/auth/sessions/").status_code == 200
note("pages")
told = stranger.post(AUTH + "auth/login", body, JSON)
token = {"Authorization": "Bearer " + told.json()["meta"]["session_token"]}
assert told.status_code == 200
assert stranger.get("/api/v1/account/", headers=token).status_code == 200
assert stranger.get(AUTH + "account/authenticators", headers=token).status_code == 200
note("api")
told = stranger.get(AUTH + "account/authenticators/totp", headers=token)
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
code = format_hotp_value(hotp_value(told.json()["meta"]["secret"], int(time.time()) // 30))
told = stranger.post(AUTH + "account/authenticators/totp", {"code": code}, JSON, headers=token)
assert told.status_code == 200, told.content
second = Client()
told = second.post("/auth/login/", form)
assert second.get(told["Location"]).status_code == 200
assert second.post(told["Location"], {"code": "000000"}).status_code == 200
note("app")
assert page.get("/auth/2fa/webauthn/login/", headers={"Accept": JSON}).status_code in (200, 302)
told = Client().get(AUTH + "auth/webauthn/login")
assert told.status_code == 200, told.content
note("passkey")
print(json.dumps(loaded))
"""


@pytest.mark.nightly  # it makes a database; test_cold_start.py has the first request
def test_a_request_without_a_second_factor_imports_nothing_for_one():
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", PROGRAM, json.dumps(SLOW)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "setup": [],
        "migrate": [],
        "pages": [],
        "api": [],
        "app": ["cryptography"],
        "passkey": ["fido2", "cryptography"],
    }


def test_what_stands_for_passkeys_gives_what_is_asked_of_it():
    stand_in: Any = lazily._Passkeys("internal.auth")
    assert stand_in.WebAuthn is import_module("allauth.mfa.webauthn.internal.auth").WebAuthn
    with pytest.raises(AttributeError):
        stand_in.nothing  # noqa: B018
