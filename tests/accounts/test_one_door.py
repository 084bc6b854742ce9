"""One log-in for people; it leads nowhere else, and there is no second one."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.accounts.conftest import PASSWORD


def test_log_out_is_a_post_with_a_token(alice):
    """SEED-14."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post("/auth/logout/").status_code == 403
    assert browser.get("/account/").status_code == 200
    browser.cookies["csrftoken"] = "a" * 32
    assert browser.post("/auth/logout/", HTTP_X_CSRFTOKEN="a" * 32).status_code == 302
    assert browser.get("/account/").status_code == 302


@pytest.mark.parametrize("path", ["/auth/logout/", "/api/browse/logout/"])
def test_a_link_does_not_log_out_and_says_so(web, alice, path):
    """SEED-14."""
    browser = web(alice)
    response = browser.get(path)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "A link cannot log you out." in response.text
    assert browser.head(path).status_code == 405
    assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize("path", ["/auth/inactive/", "/auth/confirm-email/"])
def test_what_strangers_are_told_is_not_told_to_members(web, alice, path):
    response = web(alice).get(path)
    assert (response.status_code, response["Location"]) == (302, "/todos/")
    assert Client().get(path, follow=True).status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_log_in_leads_nowhere_else(alice, target):
    fields = {"login": alice.email, "password": PASSWORD, "next": target}
    response = Client().post(f"/auth/login/?next={target}", fields)
    assert (response.status_code, response["Location"]) == (302, "/todos/")
    admin = Client().get(f"/admin/login/?next={target}")
    assert "evil" not in admin["Location"]
    browse = Client().get("/api/browse/login/?next=/api/v1/account/")
    assert browse["Location"] == "/auth/login/?next=/api/v1/account/"


def test_the_admin_has_no_password_form_of_its_own(web, alice, bob, staff):
    fields = {"username": staff.email, "password": PASSWORD, "next": "/admin/"}
    stranger = Client()
    assert stranger.get("/admin/", follow=True).redirect_chain[-1] == (
        "/auth/login/?next=/admin/",
        302,
    )
    assert stranger.post("/admin/login/", fields).status_code == 302
    assert stranger.get("/account/").status_code == 302
    browser = web(bob)
    assert browser.get("/admin/login/").status_code == 403
    assert browser.post("/admin/login/", fields).status_code == 403
    assert browser.get("/admin/", follow=True).status_code == 403
    assert browser.get("/account/").wsgi_request.user == bob


def test_the_admin_opens_for_staff(web, staff):
    browser = web(staff)
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/login/?next=/admin/accounts/")["Location"] == "/admin/accounts/"
    assert browser.get("/admin/login/")["Location"] == "/admin/"


def routes(patterns: list, prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not path.startswith("admin/"):
            found += routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.append(path)
    return found


def test_there_is_one_log_in_for_pages_and_one_for_phones():
    """SEED-26."""
    doors = {
        path for path in routes(get_resolver().url_patterns) if "login" in path or "token" in path
    }
    assert doors == {
        "auth/login/",
        "auth/login/code/confirm/",  # of a log-in by code, which is off
        "api/auth/app/v1/auth/login",
        "auth/2fa/webauthn/login/",  # by a passkey, which is two factors
        "api/auth/app/v1/auth/webauthn/login",
        "api/auth/app/v1/tokens/refresh",  # never reached: the next one stands before it
        "^api/auth/app/v1/(?:account/phone|auth/phone/|auth/code/|tokens/)",
        "api/browse/login/",  # leads to the page
        "account/keep/<str:token>/",  # signed, and logs nobody in
        "account/invited/<str:token>/",  # the same
        "account/tokens/",  # of programs: they open no page and nothing under /api/auth/
        "api/v1/account/tokens/",
        "api/v1/account/tokens/<id:pk>/",
        "reminders/<str:token>/",  # signed, and logs nobody in
        "reminders/<str:token>/now/",  # the same
    }
