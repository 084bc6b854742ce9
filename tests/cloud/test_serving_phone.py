"""An app on a phone, through API Gateway and Lambda: to-dos by token."""

from urllib.parse import urlsplit

import pytest

from tests.cloud.local import Cloud
from tests.cloud.people import Phone, signed_up

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

TODOS = "api/v1/todos/"


@pytest.fixture
def phone(cloud: Cloud) -> Phone:
    made, _email = signed_up(cloud, "alice")
    return made


def test_to_dos_are_made_read_finished_and_removed(cloud, phone):
    made = phone.ask("POST", TODOS, {"title": "buy milk"})
    assert made.status_code == 201
    location = made.headers["Location"]
    assert location == f"{cloud.address}{TODOS}{made.json()['id']}/"

    assert phone.ask("GET", location).json() == made.json()
    finished = phone.ask(
        "PATCH", location, {"status": "finished"}, **{"If-Match": made.headers["ETag"]}
    )
    assert (finished.status_code, finished.json()["status"]) == (200, "finished")
    stale = phone.ask("PATCH", location, {"title": "x"}, **{"If-Match": made.headers["ETag"]})
    assert stale.status_code == 412
    assert phone.ask("DELETE", location).status_code == 204
    assert phone.ask("GET", location).status_code == 404


def test_pages_are_walked_by_their_links(cloud, phone):
    for title in ("one", "two", "three"):
        assert phone.ask("POST", TODOS, {"title": title}).status_code == 201

    first = phone.ask("GET", f"{TODOS}?limit=2").json()
    assert first["next"].startswith(f"{cloud.address}{TODOS}?")
    second = phone.ask("GET", first["next"]).json()
    back = phone.ask("GET", second["previous"]).json()

    titles = [row["title"] for row in (*first["results"], *second["results"])]
    assert sorted(titles) == ["one", "three", "two"]
    assert second["next"] is None
    assert back["results"] == first["results"]


def test_a_second_account_sees_nothing(cloud, phone):
    location = phone.ask("POST", TODOS, {"title": "alice's secret"}).headers["Location"]
    bob, _email = signed_up(cloud, "bob")

    assert bob.ask("GET", location).status_code == 404
    assert bob.ask("GET", TODOS).json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize("token", ["nonsense", "a" * 32], ids=["nonsense", "of-nobody"])
def test_a_bad_token_is_refused_in_the_words_of_http(cloud, token):
    stranger = Phone(cloud)
    stranger.token = token

    answer = stranger.ask("GET", TODOS)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert [each["code"] for each in answer.json()["errors"]] == ["authentication_failed"]


def test_who_repeats_a_request_gets_the_first_answer(phone):
    key = {"Idempotency-Key": "the-same-key"}
    first = phone.ask("POST", TODOS, {"title": "once"}, **key)
    again = phone.ask("POST", TODOS, {"title": "once"}, **key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert len(phone.ask("GET", TODOS).json()["results"]) == 1


def test_umlauts_and_emoji_arrive_as_they_left(phone):
    title = "Käse für Zoë 🧀"
    made = phone.ask("POST", TODOS, {"title": title})
    assert made.json()["title"] == title
    found = phone.ask("GET", f"{TODOS}?q=Zo%C3%AB")
    assert [row["title"] for row in found.json()["results"]] == [title]


def test_the_document_names_this_stage_as_its_server(cloud):
    document = Phone(cloud).ask("GET", "api/schema/").json()
    assert document["servers"] == [{"url": urlsplit(cloud.address).path.rstrip("/")}]


def test_a_path_that_only_begins_like_the_stage_is_not_cut(cloud):
    """Zappa takes `/dev` off `/devhealthz/`, too."""
    assert Phone(cloud).ask("GET", "healthz/").status_code == 200
    assert Phone(cloud).ask("GET", "devhealthz/").status_code == 404
