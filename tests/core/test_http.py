"""The true address of the client, behind every gateway and under every forged header."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from core.http import client_address, new_request_id

CLIENT, FORGED, EDGE = "203.0.113.9", "1.2.3.4", "70.132.1.1"
REST = {"requestContext": {"stage": "dev", "identity": {"sourceIp": CLIENT}}}
HTTP_API = {"requestContext": {"stage": "dev", "http": {"method": "GET", "sourceIp": CLIENT}}}


@pytest.mark.parametrize(
    ("event", "forwarded", "remote"),
    [
        # REMOTE_ADDR is what Zappa makes of X-Forwarded-For: the second entry from the end.
        pytest.param(REST, f"{FORGED}, {CLIENT}, {EDGE}", CLIENT, id="edge-optimised REST"),
        pytest.param(REST, f"{FORGED}, {CLIENT}", FORGED, id="regional REST"),
        pytest.param(HTTP_API, f"{FORGED}, {CLIENT}", FORGED, id="HTTP API"),
        pytest.param(HTTP_API, f"{FORGED}, {FORGED}, {CLIENT}", FORGED, id="function URL"),
        pytest.param(None, f"{FORGED}, {FORGED}", CLIENT, id="no gateway"),
        pytest.param({}, FORGED, CLIENT, id="event without a context"),
        pytest.param({"requestContext": {"identity": None}}, FORGED, CLIENT, id="empty identity"),
    ],
)
def test_the_address_is_the_clients_own_whatever_it_forges(event, forwarded, remote):
    request = RequestFactory().get(
        "/",
        HTTP_X_FORWARDED_FOR=forwarded,
        HTTP_X_REAL_IP=FORGED,
        REMOTE_ADDR=remote,
    )
    request.META["lambda.event"] = event
    assert client_address(request) == CLIENT


def test_without_any_address_the_answer_is_empty():
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]
    assert client_address(request) == ""


def test_lambdas_own_request_id_is_used():
    context = SimpleNamespace(aws_request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
    request = RequestFactory().get("/")
    request.META["lambda.context"] = context
    assert new_request_id(request) == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


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
