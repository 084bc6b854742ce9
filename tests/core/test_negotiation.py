"""What is answered to an Accept header."""

import pytest


@pytest.mark.parametrize("accept", ["text/plain", "application/xml", "image/*"])
def test_what_is_not_on_offer_is_406(api, alice, accept):
    response = api(alice).get("/api/v1/todos/", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (406, "application/json")
    assert response.json() == {
        "type": "client_error",
        "errors": [
            {
                "code": "not_acceptable",
                "detail": "Could not satisfy the request Accept header.",
                "attr": None,
            }
        ],
    }


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", "text/plain, */*"])
def test_json_is_on_offer(api, alice, accept):
    response = api(alice).get("/api/v1/todos/", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
