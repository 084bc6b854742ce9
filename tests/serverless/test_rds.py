"""A database whose password AWS changes: DATABASE_SECRET_ARN, ENGINE "serverless.rds"."""

import functools
import json
import time
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as DjangoWrapper

from config import database, env
from serverless import rds
from serverless.aws import Aws, CallError
from serverless.rds.base import DatabaseWrapper
from tests.config.conftest import PRODUCTION

SECRET = "arn:aws:secretsmanager:eu-central-1:0:secret:rds!marker"
MANAGED = {name: value for name, value in PRODUCTION.items() if name != "DATABASE_URL"} | {
    "DATABASE_HOST": "db.example.com",
    "DATABASE_NAME": "nudge",
    "DATABASE_SECRET_ARN": SECRET,
}
LOGIN = {"username": "owner", "password": "marker-one"}


def keeping(login: object):
    return lambda *_call: (200, {"SecretString": json.dumps(login)})


def refusal(settings_of, **variables: str) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_of(**variables)
    return str(caught.value)


# --- At the start --------------------------------------------------------------------------------


@pytest.mark.enable_socket
def test_the_login_is_in_the_secret(cloud_of, settings_of):
    cloud = cloud_of(keeping(LOGIN))
    settings = settings_of(**MANAGED, **cloud.variables)
    managed = settings["DATABASES"]["default"]
    assert managed.pop("LOGIN")() == {"USER": "owner", "PASSWORD": "marker-one"}
    assert managed == {
        "ENGINE": "serverless.rds",
        "HOST": "db.example.com",
        "NAME": "nudge",
        "USER": "owner",
        "PASSWORD": "marker-one",
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"sslmode": "require", "connect_timeout": 3},
    }
    assert cloud.calls == [("secretsmanager.GetSecretValue", {"SecretId": SECRET})] * 2
    assert settings["DATABASE_NAMED_TWICE"] is False


@pytest.mark.enable_socket
def test_the_secret_is_taken_where_a_url_is_set_too(cloud_of, settings_of):
    cloud = cloud_of(keeping(LOGIN))
    settings = settings_of(**PRODUCTION | MANAGED, **cloud.variables)
    assert settings["DATABASES"]["default"]["HOST"] == "db.example.com"
    assert settings["DATABASE_NAMED_TWICE"] is True


@pytest.mark.parametrize("missing", ["DATABASE_HOST", "DATABASE_NAME"])
def test_a_secret_alone_is_no_database(settings_of, missing):
    sentence = refusal(settings_of, **MANAGED | {missing: ""})
    assert sentence == "DATABASE_SECRET_ARN needs DATABASE_HOST and DATABASE_NAME too."


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((400, {"__type": "ResourceNotFoundException"}), "ResourceNotFoundException"),
        ((200, {}), "it holds no username and password"),
        ((200, {"SecretString": "marker"}), "it holds no username and password"),
        ((200, {"SecretString": "[1]"}), "it holds no username and password"),
        ((200, {"SecretString": '{"username": "marker"}'}), "it holds no username and password"),
    ],
)
def test_a_secret_that_cannot_be_read_is_told_without_values(cloud_of, settings_of, answer, reason):
    cloud = cloud_of(lambda *_call: answer)
    sentence = refusal(settings_of, **MANAGED, **cloud.variables)
    assert sentence == f"The secret in DATABASE_SECRET_ARN cannot be read: {reason}."


# --- In a warm process ---------------------------------------------------------------------------


class Refused(psycopg.OperationalError):
    """What psycopg raises for a wrong password: libpq tells that it sent one, and no more."""

    pgconn = SimpleNamespace(used_password=True)  # type: ignore[assignment]


@pytest.fixture
def server(monkeypatch):
    """A server that takes one password, the secret that holds it, and who asked for what."""
    state = SimpleNamespace(user="owner", password="two", secret="two", tried=[], read=0)

    def connect(_wrapper, params):
        state.tried.append((params["user"], params["password"]))
        if (params["user"], params["password"]) != (state.user, state.password):
            raise Refused("FATAL: Passwort-Authentifizierung fehlgeschlagen")
        return "connected"

    def login():
        state.read += 1
        if state.secret is None:
            raise CallError("AccessDeniedException")
        return {"USER": state.user, "PASSWORD": state.secret}

    monkeypatch.setattr(DjangoWrapper, "get_new_connection", connect)
    state.login = login
    return state


@pytest.fixture
def wrapper(server):
    """`wrapper(password)`: a connection of a process that has read this password."""

    def make(password: str) -> DatabaseWrapper:
        settings = connection.copy().settings_dict
        named = {"HOST": "db.example.com", "NAME": "nudge", "USER": "owner", "PASSWORD": password}
        options = {"OPTIONS": {"sslmode": "require"}, "LOGIN": server.login}
        engine = {"ENGINE": database.MANAGED_POSTGRESQL}
        return DatabaseWrapper({**settings, **named, **options, **engine})

    return make


def connect(one: DatabaseWrapper) -> object:
    return one.get_new_connection(one.get_connection_params())


def test_a_password_that_still_holds_reads_no_secret(server, wrapper):
    assert connect(wrapper("two")) == "connected"
    assert (server.tried, server.read) == ([("owner", "two")], 0)


def test_a_changed_password_is_read_and_kept(server, wrapper):
    one = wrapper("one")
    assert connect(one) == "connected"
    assert (server.tried, server.read) == ([("owner", "one"), ("owner", "two")], 1)
    assert connect(one) == "connected"
    assert (server.tried[2:], server.read) == ([("owner", "two")], 1)


def test_another_user_with_the_same_password_is_tried_too(server, wrapper):
    """As where two users take turns, each with a password of its own choice."""
    one = wrapper("one")
    server.secret = server.password = "one"
    server.user = "second"
    assert connect(one) == "connected"
    assert server.tried == [("owner", "one"), ("second", "one")]


def test_what_another_thread_has_read_is_tried_too(server, wrapper):
    """Its settings are ours: the password in them is new already, the one we sent was not."""
    one = wrapper("one")
    params = one.get_connection_params()
    one.settings_dict["PASSWORD"] = "two"
    assert one.get_new_connection(params) == "connected"


def test_a_password_that_did_not_change_is_tried_once(server, wrapper):
    server.password = "three"
    with pytest.raises(Refused):
        connect(wrapper("two"))
    assert (server.tried, server.read) == ([("owner", "two")], 1)


def test_a_second_refusal_is_the_last(server, wrapper):
    server.password = "three"
    with pytest.raises(Refused):
        connect(wrapper("one"))
    assert (len(server.tried), server.read) == (2, 1)


def test_a_secret_that_cannot_be_read_leaves_the_error_of_the_database(server, wrapper, caplog):
    """Which the middleware answers with 503; the log says why."""
    server.secret = None
    with pytest.raises(Refused):
        connect(wrapper("one"))
    assert caplog.messages == ["The secret of the database cannot be read: AccessDeniedException"]


@pytest.mark.parametrize("used", [None, SimpleNamespace(used_password=False)])
def test_a_server_that_is_away_reads_no_secret(server, wrapper, monkeypatch, used):
    def away(_wrapper, _params):
        error = psycopg.OperationalError("connection refused")
        error.pgconn = used
        raise error

    monkeypatch.setattr(psycopg.OperationalError, "pgconn", None)
    monkeypatch.setattr(DjangoWrapper, "get_new_connection", away)
    with pytest.raises(psycopg.OperationalError):
        connect(wrapper("one"))
    assert server.read == 0


def test_it_is_postgresql_to_everybody_else(wrapper):
    one = wrapper("one")
    assert (one.vendor, one.display_name) == ("postgresql", "PostgreSQL")
    assert isinstance(one, DjangoWrapper)


# --- On a real server ----------------------------------------------------------------------------


@pytest.fixture
def rotating(transactional_db):
    """A role that must show its password, as on RDS, and a function that changes it."""
    params = connection.get_connection_params() | {"autocommit": True}
    params = {name: params[name] for name in ("host", "port", "user", "dbname", "autocommit")}
    with psycopg.connect(**params) as owner:
        [name] = owner.execute("SHOW hba_file").fetchone() or [""]
        rules = Path(name)
        before = rules.read_text()
        rules.write_text("local all nudge_rotating scram-sha-256\n" + before)
        owner.execute("SELECT pg_reload_conf()")
        owner.execute("CREATE ROLE nudge_rotating LOGIN PASSWORD 'one'")
        try:
            yield lambda new: owner.execute(f"ALTER ROLE nudge_rotating PASSWORD '{new}'")
        finally:
            owner.execute("DROP ROLE nudge_rotating")
            rules.write_text(before)
            owner.execute("SELECT pg_reload_conf()")


def until_the_rules_hold(one: DatabaseWrapper) -> None:
    """The server reads its rules soon after it was told to."""
    params = one.get_connection_params() | {"password": "wrong"}
    params = {name: params[name] for name in ("host", "port", "user", "password", "dbname")}
    for _ in range(100):
        try:
            psycopg.connect(**params).close()
        except psycopg.OperationalError:
            return
        time.sleep(0.05)
    pytest.fail("the server takes every password")


@pytest.mark.postgres
@pytest.mark.enable_socket
def test_a_password_changed_between_two_connects_is_not_noticed(cloud_of, rotating):
    secret = {"username": "nudge_rotating", "password": "one"}
    cloud = cloud_of(lambda *_call: (200, {"SecretString": json.dumps(secret)}))
    settings = connection.copy().settings_dict | {
        "ENGINE": "serverless.rds",
        "LOGIN": functools.partial(rds.login, SECRET, Aws(env.text)),
        "USER": "nudge_rotating",
        "PASSWORD": "one",
    }
    one = DatabaseWrapper(settings)
    until_the_rules_hold(one)

    def who() -> str:
        with one.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return cursor.fetchone()[0]

    try:
        assert who() == "nudge_rotating"
        one.close()
        assert cloud.calls == []

        rotating("two")
        secret["password"] = "two"
        assert who() == "nudge_rotating"
        assert len(cloud.calls) == 1
        one.close()
        assert who() == "nudge_rotating"
        assert len(cloud.calls) == 1
        one.close()

        rotating("three")  # AWS changes the database first, then the secret
        with pytest.raises(OperationalError):
            who()
        assert len(cloud.calls) == 2
        secret["password"] = "three"
        assert who() == "nudge_rotating"
    finally:
        one.close()
