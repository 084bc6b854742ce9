"""The true address of the client, behind every gateway and under every forged header."""

import pytest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.http import client_address, new_request_id

CLIENT, FORGED = "203.0.113.9", "1.2.3.4"


@pytest.mark.parametrize("forwarded", [FORGED, f"{FORGED}, {FORGED}", ""])
def test_the_address_is_the_clients_own_whatever_it_forges(forwarded):
    request = RequestFactory().get(
        "/",
        HTTP_X_FORWARDED_FOR=forwarded,
        HTTP_X_REAL_IP=FORGED,
        REMOTE_ADDR=CLIENT,
    )
    assert client_address(request) == CLIENT


def test_a_throttle_of_the_framework_counts_by_the_same_address():
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=FORGED, REMOTE_ADDR=CLIENT)
    assert BaseThrottle().get_ident(Request(request)) == CLIENT


def test_without_any_address_the_answer_is_empty():
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]
    assert client_address(request) == ""


def test_the_id_of_the_server_in_front_is_used():
    request = RequestFactory().get("/", REQUEST_ID="c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
    assert new_request_id(request) == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


SANE = [
    "7f1c1a0e-3f52-4a8e-9a55-0c8f2f9f5b10",
    "01JD8XK3ZQ5V9T7B2M4N6P8R0S",
    "a",
    "app-3.2_retry.1",
    "x" * 64,
]
INSANE = ["", "-", "x" * 65, "a b", "a\nb", "é", "٣", "a,b", '"a"', "<b>", "a;b", ".a", "-a"]


@pytest.mark.parametrize("chosen", SANE)
def test_a_clients_own_request_id_is_kept_if_it_is_a_sane_one(chosen):
    request = RequestFactory().get(
        "/", headers={"X-Request-Id": chosen}, REQUEST_ID="of the server"
    )
    assert new_request_id(request) == chosen


@pytest.mark.parametrize("chosen", INSANE)
def test_any_other_id_of_a_client_is_not(chosen):
    request = RequestFactory().get("/", HTTP_X_REQUEST_ID=chosen, REQUEST_ID="of the server")
    assert new_request_id(request) == "of the server"


def test_a_client_cannot_choose_it_by_another_header():
    assert new_request_id(RequestFactory().get("/", headers={"Request-Id": "forged"})) != "forged"


def test_elsewhere_each_request_gets_its_own():
    request = RequestFactory().get("/")
    assert new_request_id(request) != new_request_id(request)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_what_ones_own_proxies_wrote_is_believed(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    request.META["REMOTE_ADDR"] = "10.0.0.1"
    assert client_address(request) == expected
