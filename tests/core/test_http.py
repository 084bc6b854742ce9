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


def test_a_client_cannot_choose_its_request_id():
    request = RequestFactory().get("/", headers={"Request-Id": "forged", "X-Request-Id": "forged"})
    assert new_request_id(request) != "forged"


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
