"""Every setting comes from the environment, and an unsafe one is refused (config/settings/)."""

import os
import subprocess
import sys
from decimal import Decimal

import certifi
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

import config
from config.guard import DEV_SECRET_KEY
from tests.config.conftest import PRODUCTION, ROOT

REFUSALS = {
    "secret": "SECRET_KEY is missing: set it to 50 or more random characters.",
    "known": "SECRET_KEY is a published example: set it to 50 or more random characters.",
    "weak": "SECRET_KEY is easy to guess: set it to 50 or more random characters.",
    "old": "OLD_SECRET_KEYS holds a published or guessable key: remove it.",
    "sqlite": "DATABASE_URL must name PostgreSQL: SQLite loses its data with the machine.",
    "hosts": "ALLOWED_HOSTS is empty: list the host names that people type.",
    "sms": "SMS_PROVIDER is not set: choose twilio, or console to send no messages.",
    "mail": "EMAIL_HOST is missing: codes and addresses would only be written to the log.",
    "debug": "DEBUG must be False on Lambda: error pages would show the settings to strangers.",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(settings_of, **variables: str) -> list[str]:
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_of(**variables)
    first, *sentences = str(caught.value).split("\n")
    assert first == "Nudge refuses to start."
    return sentences


def test_no_variable_gives_the_development_defaults(settings_of):
    settings = settings_of()
    database = settings["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(ROOT / "db.sqlite3")
    assert database["OPTIONS"] == {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    development = {
        "DEBUG": True,
        "PRODUCTION": False,
        "SMS_PROVIDER": "console",
        "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend",
        "ACCOUNT_EMAIL_VERIFICATION": "optional",
        "SECURE_SSL_REDIRECT": False,
        "SECURE_HSTS_SECONDS": 0,
        "SESSION_COOKIE_SECURE": False,
        "SESSION_COOKIE_NAME": "sessionid",
        "CSRF_COOKIE_NAME": "csrftoken",
        "CORS_ALLOWED_ORIGINS": [],
        "ALLOWED_HOSTS": [],
        "REGISTRATION": "open",
    }
    assert {name: settings[name] for name in development} == development


@pytest.mark.parametrize(
    ("query", "authorities"),
    [
        ("", None),
        ("?sslmode=require", None),
        ("?sslmode=verify-ca", certifi.where()),
        ("?sslmode=verify-full", certifi.where()),
        ("?sslmode=verify-full&sslrootcert=/etc/rds.pem", "/etc/rds.pem"),
    ],
    ids=["none", "require", "verify-ca", "verify-full", "own authorities"],
)
def test_the_certificate_of_the_database_is_checked_against_known_authorities(
    settings_of, query, authorities
):
    url = PRODUCTION["DATABASE_URL"] + query
    options = settings_of(**PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]["OPTIONS"]
    assert options.get("sslrootcert") == authorities


def test_the_address_that_the_gateway_gave_is_served_and_called_back(settings_of):
    address = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev/"
    settings = settings_of(**PRODUCTION | {"API_URL": address})
    own = ["nudge.example.com", "abcdef1234.execute-api.eu-central-1.amazonaws.com"]
    assert (settings["ALLOWED_HOSTS"], settings["PUBLIC_BASE_URL"]) == (own, address)
    settings = settings_of(**PRODUCTION | {"API_URL": address, "PUBLIC_BASE_URL": "https://x.io"})
    assert (settings["ALLOWED_HOSTS"], settings["PUBLIC_BASE_URL"]) == (
        [*own, "x.io"],
        "https://x.io",
    )


def test_a_package_knows_its_own_id(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "__file__", str(tmp_path / "config" / "__init__.py"))
    assert config.build_id() == config.__version__
    (tmp_path / "BUILD_ID").write_text("0123456789ab")
    assert config.build_id() == "0123456789ab"


def test_database_url_gives_postgresql_as_every_pooler_takes_it(settings_of):
    database = settings_of(**PRODUCTION)["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert database["PASSWORD"] == "hunter/2"
    assert database["CONN_MAX_AGE"] == 300
    assert database["CONN_HEALTH_CHECKS"] is True
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert database["OPTIONS"] == {"connect_timeout": 3}


@pytest.mark.parametrize(("pooled", "idle"), [("", "300s"), ("False", "300s"), ("True", "0")])
def test_time_outs_are_defaults_of_the_role(settings_of, pooled, idle):
    """A pooler keeps its connections open, so that only those of the service itself end."""
    settings = settings_of(**PRODUCTION | {"DATABASE_POOLED": pooled})
    assert settings["DATABASE_ROLE_DEFAULTS"] == {
        "statement_timeout": "10s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "15s",
        "idle_session_timeout": idle,
    }


def test_options_of_the_database_url_are_kept(settings_of):
    url = PRODUCTION["DATABASE_URL"] + "?sslmode=verify-full"
    database = settings_of(**PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]
    assert database["OPTIONS"]["sslmode"] == "verify-full"
    assert database["OPTIONS"]["connect_timeout"] == 3


def test_options_of_the_database_url_win_and_leave_the_others(settings_of):
    url = PRODUCTION["DATABASE_URL"] + "?connect_timeout=9&application_name=nudge"
    database = settings_of(**PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]
    assert database["OPTIONS"] == {"connect_timeout": 9, "application_name": "nudge"}
    sqlite = settings_of(DATABASE_URL="sqlite:////tmp/nudge.sqlite3?timeout=3")
    assert sqlite["DATABASES"]["default"]["OPTIONS"]["timeout"] == 3


def test_what_protects_a_log_in_in_production(settings_of):
    settings = settings_of(**PRODUCTION)
    prefixes = ("ACCOUNT_", "MFA_", "HEADLESS_", "USERSESSIONS_", "SESSION_", "AUTH_PASS")
    found = {name: settings[name] for name in settings if name.startswith(prefixes)}
    for name in ("ACCOUNT_FORMS", "MFA_FORMS"):
        assert all(path.startswith("accounts.") for path in found.pop(name).values())
    validation = "django.contrib.auth.password_validation"
    assert found == {
        "ACCOUNT_ADAPTER": "accounts.allauth.adapter.AccountAdapter",
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https",
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "Nudge: ",
        "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": True,
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
        "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND": True,
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": True,
        "ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT": 15 * 60,
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_RATE_LIMITS": {"login_failed": "10/m/ip,5/5m/key"},
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 10 * 60,
        "ACCOUNT_SESSION_REMEMBER": True,
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": f"{validation}.UserAttributeSimilarityValidator",
                "OPTIONS": {"user_attributes": ("email", "name")},
            },
            {"NAME": f"{validation}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
            {"NAME": f"{validation}.CommonPasswordValidator", "OPTIONS": {}},
            {"NAME": f"{validation}.NumericPasswordValidator", "OPTIONS": {}},
        ],
        "HEADLESS_CLIENTS": ("app",),
        "HEADLESS_TOKEN_STRATEGY": "accounts.tokens.BearerSessionStrategy",
        "MFA_ADAPTER": "accounts.allauth.mfa.MFAAdapter",
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_RATE_LIMITS": {"webauthn_login": "30/m/ip"},
        "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes", "webauthn"],
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_WEBAUTHN_USER_VERIFICATION": "required",
        "SESSION_COOKIE_AGE": 90 * 24 * 60 * 60,
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_ENGINE": "accounts.sessions",
        "USERSESSIONS_ADAPTER": "accounts.allauth.ended_devices.DevicesAdapter",
        "USERSESSIONS_TRACK_ACTIVITY": True,
    }


def test_how_large_a_body_may_be(settings_of):
    settings = settings_of()
    expected = {
        "MAX_BODY_BYTES": 65_536,
        "MAX_BODY_BYTES_OF": {
            "/api/v1/sync/": 1_048_576,
            "/api/v1/todos/bulk/": 1_048_576,
            "/api/v1/imports/": 1_048_576,
            "/transfer/": 4_194_304,
        },
        "MAX_UPLOAD_BYTES": 104_857_600,
        "UPLOADS": r"/api/v1/imports/[0-9a-fA-F-]{36}/file/",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 4_194_304,
    }
    assert {name: settings[name] for name in expected} == expected


def test_without_a_setting_the_four_push_services_of_browsers_are_called(settings_of):
    assert settings_of()["PUSH_HOSTS"] == [
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        "*.notify.windows.com",
    ]
    assert settings_of(PUSH_HOSTS="push.example.com")["PUSH_HOSTS"] == ["push.example.com"]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("TWILIO_ACCOUNT_SID", "ACCOUNT_SID", "TWILIO_ACCOUNT_SID"),
        ("TWILIO_AUTH_TOKEN", "AUTH_TOKEN", "TWILIO_AUTH_TOKEN"),
        ("SMS_FROM_NUMBER", "FROM_NUMBER", "TWILIO_FROM_NUMBER"),
        ("SMS_TO_NUMBER", "TO_NUMBER", "TWILIO_TO_NUMBER"),
        ("PUBLIC_BASE_URL", "PUBLIC_BASE_URL", "API_URL"),
        ("AWS_SMS_ORIGINATION_IDENTITY", "AWS_SMS_ORIGINATION_IDENTITY", "FROM_NUMBER"),
    ],
)
def test_of_two_variables_the_first_wins(settings_of, name, first, second):
    one, two = "https://one.example.com", "https://two.example.com"
    assert settings_of(**{first: one, second: two})[name] == one
    assert settings_of(**{second: two})[name] == two


def test_who_is_warned_and_who_may_sign_up_is_read_as_addresses(settings_of):
    settings = settings_of(ADMINS="a@x.io, b@x.io", REGISTRATION_DOMAINS="Example.COM, *.X.io")
    assert settings["ADMINS"] == [("", "a@x.io"), ("", "b@x.io")]
    assert settings["REGISTRATION_DOMAINS"] == ["example.com", "*.x.io"]


def test_a_good_old_key_is_taken(settings_of):
    old = PRODUCTION["SECRET_KEY"][::-1]
    settings = settings_of(**PRODUCTION | {"OLD_SECRET_KEYS": old})
    assert settings["SECRET_KEY_FALLBACKS"] == [old]


def test_a_proxy_is_believed_only_when_told_so(settings, settings_of):
    assert settings_of(**PRODUCTION)["SECURE_PROXY_SSL_HEADER"] is None
    trusting = settings_of(**PRODUCTION | {"TRUST_X_FORWARDED_PROTO": "True"})
    settings.SECURE_SSL_REDIRECT = True
    forwarded = {"X-Forwarded-Proto": "https"}
    assert Client().get("/hello/", headers=forwarded).status_code == 301
    settings.SECURE_PROXY_SSL_HEADER = trusting["SECURE_PROXY_SSL_HEADER"]
    assert Client().get("/hello/", headers=forwarded).status_code == 200
    assert Client().get("/hello/", headers={"X-Forwarded-Proto": "http"}).status_code == 301
    assert Client().get("/hello/").status_code == 301


def test_browsers_are_told_to_stay_with_https(settings, settings_of):
    """SEED-15."""
    for name, value in settings_of(**PRODUCTION).items():
        if name.startswith("SECURE_"):
            setattr(settings, name, value)
    redirect = Client().get("/hello/")
    assert (redirect.status_code, redirect["Location"]) == (301, "https://testserver/hello/")
    assert Client().get("/healthz/").status_code == 200
    response = Client().get("/hello/", secure=True)
    assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_production_cookies_are_secure_and_bound_to_the_host(settings_of):
    """SEED-15."""
    settings = settings_of(**PRODUCTION)
    expected = {
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "DEVICE_COOKIE_NAME": "__Host-device",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_HTTPONLY": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    }
    assert {name: settings[name] for name in expected} == expected
    # __Host- is honoured only without Domain and with Path=/ (RFC 6265bis, section 4.1.3.2).
    assert {"SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH"}.isdisjoint(settings)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "secret"),
        ({"SECRET_KEY": "django-insecure-" + "k" * 50}, "known"),
        ({"SECRET_KEY": "please-change-me-please-change-me-please-change-me-1"}, "known"),
        ({"SECRET_KEY": "CHANGE_ME_" + PRODUCTION["SECRET_KEY"]}, "known"),
        ({"SECRET_KEY": "abc"}, "weak"),
        ({"SECRET_KEY": PRODUCTION["SECRET_KEY"][:49]}, "weak"),
        ({"SECRET_KEY": "abcd" * 20}, "weak"),
        ({"OLD_SECRET_KEYS": DEV_SECRET_KEY}, "old"),
        ({"OLD_SECRET_KEYS": PRODUCTION["SECRET_KEY"][::-1] + ",abc"}, "old"),
        ({"DATABASE_URL": ""}, "sqlite"),
        ({"DATABASE_URL": "sqlite:////var/nudge.sqlite3"}, "sqlite"),
        ({"DATABASE_URL": "mysql://u:p@db/nudge"}, "sqlite"),
        ({"ALLOWED_HOSTS": " , "}, "hosts"),
        ({"SMS_PROVIDER": ""}, "sms"),
        ({"EMAIL_HOST": ""}, "mail"),
        ({"DEBUG": "True", "AWS_LAMBDA_FUNCTION_NAME": "nudge"}, "debug"),
    ],
)
def test_one_unsafe_setting_is_refused_with_its_sentence(settings_of, change, sentence):
    """SEED-17, SEED-18, SEED-19, SEED-21."""
    assert refusal(settings_of, **PRODUCTION | change) == [REFUSALS[sentence]]


def test_every_fault_is_named_at_once(settings_of):
    variables = {"AWS_LAMBDA_FUNCTION_NAME": "nudge", "DEBUG": "True"}
    expected = {REFUSALS[name] for name in ("secret", "sqlite", "hosts", "sms", "mail", "debug")}
    assert set(refusal(settings_of, **variables)) == expected


def test_lambda_is_production_by_itself(settings_of):
    settings = settings_of(
        **PRODUCTION | {"DEBUG": "", "AWS_LAMBDA_FUNCTION_NAME": "nudge-production"}
    )
    assert (settings["DEBUG"], settings["PRODUCTION"]) == (False, True)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DEBUG", "yes", "DEBUG must be True or False, not 'yes'."),
        ("SMS_ENABLED", "false", "SMS_ENABLED must be True or False, not 'false'."),
        ("EMAIL_PORT", "smtp", "EMAIL_PORT must be a whole number, not 'smtp'."),
        *(
            ("SMS_PRICES", wrong, f"SMS_PRICES must be like US:0.0083:USD, not {wrong!r}.")
            for wrong in (
                *("US:1", "US:1:USDX", "xUS:1:USD", "us:1:USD", "002:1:USD", "US:1:usd"),
                *("US:1234567:USD", "US:0.1234567:USD", "US:.1:USD", "US:-1:USD"),
            )
        ),
        ("SMS_DAILY_LIMIT", "1.5", "SMS_DAILY_LIMIT must be a whole number, not '1.5'."),
    ],
)
def test_a_bad_value_is_refused_and_names_its_variable(settings_of, name, value, message):
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_of(**{name: value})
    assert str(caught.value) == message


def test_prices_are_read_by_country(settings_of):
    prices = settings_of(SMS_PRICES="US:0.0083:USD, *:0.10:EUR")["SMS_PRICES"]
    assert prices == {"US": (Decimal("0.0083"), "USD"), "*": (Decimal("0.10"), "EUR")}
    prices = settings_of(SMS_PRICES="001:123456.123456:KRW")["SMS_PRICES"]
    assert prices == {"001": (Decimal("123456.123456"), "KRW")}


def test_spaces_around_a_value_and_empty_entries_of_a_list_do_not_count(settings_of):
    settings = settings_of(EMAIL_HOST=" mail.example.com\t", ALLOWED_HOSTS="a.io, ,b.io , ")
    assert settings["EMAIL_HOST"] == "mail.example.com"
    assert settings["ALLOWED_HOSTS"] == ["a.io", "b.io"]


def test_a_bad_database_url_names_its_variable_only(settings_of):
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_of(DATABASE_URL="ftp://nudge:hunter2-marker@db/nudge")
    assert str(caught.value) == "DATABASE_URL is not a database URL."
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "ftp://nudge:hunter2-marker@db/nudge",
        "postgresql://nudge:hunter2-marker/x@db:port/nudge",
        "postgresql://nudge:pass@[hunter2-marker/nudge",
        "hunter2-marker",
    ],
)
def test_a_bad_database_url_is_refused_without_showing_its_password(url):
    done = manage("check", DATABASE_URL=url)
    assert done.returncode != 0
    assert "DATABASE_URL is not a database URL." in done.stderr
    assert "hunter2-marker" not in done.stdout + done.stderr


@pytest.mark.wide
def test_check_deploy_has_nothing_to_say_about_production():
    """SEED-18."""
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_refused_start_ends_with_the_sentences_and_no_secret():
    done = manage("check", **PRODUCTION | {"ALLOWED_HOSTS": ""})
    assert done.returncode != 0
    assert REFUSALS["hosts"] in done.stderr
    assert "hunter" not in done.stdout + done.stderr
    assert PRODUCTION["SECRET_KEY"] not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("static_url", "sources"),
    [
        ("", ["'self'"]),
        ("/assets/", ["'self'"]),
        ("https://cdn.example.com/v1/", ["'self'", "https://cdn.example.com"]),
    ],
)
def test_the_policy_lets_only_our_own_files_in(settings_of, static_url, sources):
    """SEED-15."""
    directives = settings_of(STATIC_URL=static_url)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert directives == {
        "default-src": ["'none'"],
        "script-src": sources,
        "style-src": sources,
        "img-src": [*sources, "data:"],
        "font-src": sources,
        "manifest-src": sources,
        "connect-src": sources,
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
