"""Three people and their clients; everything else is built where it is needed."""

import functools
import gc
import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import storages
from django.db import connections
from django.test import Client, TransactionTestCase
from django.urls import clear_script_prefix
from django.utils.functional import empty
from django.utils.translation import deactivate, get_language
from hypothesis import settings as hypothesis_settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import SessionStore
from tests import documented, migrated, task_backends

PASSWORD = "correct horse battery"
_FOLDERS = itertools.count()

# How long an example takes depends on the machine, so no profile has a deadline.
hypothesis_settings.register_profile("tests", deadline=None, print_blob=True, max_examples=50)
hypothesis_settings.register_profile(
    "nightly", hypothesis_settings.get_profile("tests"), max_examples=2000
)
hypothesis_settings.load_profile("tests")  # --hypothesis-profile comes later and wins

# pytest-django refuses the database to a test that has neither the mark nor one of these.
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}


@pytest.fixture(autouse=True)
def _cheap_passwords(settings) -> None:
    """The real hasher takes a quarter of a second by design; tests log in hundreds of times."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _files_of_the_test(settings, tmp_path_factory) -> None:
    """A folder that is made with the first file."""
    settings.MEDIA_ROOT = tmp_path_factory.getbasetemp() / "media" / str(next(_FOLDERS))


@pytest.fixture(autouse=True)
def _tasks_at_once(settings) -> None:
    """A task has run when the call returns, in the test's own connection."""
    task_backends.use(settings, task_backends.IMMEDIATE)


@pytest.fixture(autouse=True)
def _addresses_end_with_the_test() -> Iterator[None]:
    """A request below a stage sets a prefix, and the first one to ask makes the storage with it."""
    yield
    clear_script_prefix()
    storages._storages.pop("staticfiles", None)  # type: ignore[attr-defined]
    staticfiles_storage._wrapped = empty  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _words_end_with_the_test() -> Iterator[None]:
    """What one test or request has activated must not choose the words of the next."""
    yield
    left = get_language()
    deactivate()
    assert left == settings.LANGUAGE_CODE


class _Asked:
    """Whether answers have to be documented now."""

    now = False


@pytest.fixture(autouse=True)
def _answers_are_documented(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every answer that a test client receives is one of those in the OpenAPI document.

    `@pytest.mark.undocumented("why")` is for servers that a test has broken on purpose.
    """
    marker = request.node.get_closest_marker("undocumented")
    assert marker is None or len(marker.args[0]) > 10, "say why"
    _Asked.now = marker is None
    yield
    _Asked.now = False


@pytest.fixture(autouse=True, scope="session")
def _clients_ask() -> Iterator[None]:
    ask = Client.request

    def request(self: Client, **environ: Any) -> Any:
        response = ask(self, **environ)
        if _Asked.now:
            faults = documented.contract().faults(environ, response)
            what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {response.status_code}"
            assert faults == [], f"{what} is not as documented: {faults}"
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", request)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, pytestconfig: pytest.Config
) -> Iterator[None]:
    """pytest-django asks for this one before it makes the database."""
    with pytest.MonkeyPatch.context() as patch:
        if hasattr(pytestconfig, "cache"):  # not with `-p no:cacheprovider`
            migrated.kept(patch, pytestconfig.cache.mkdir("migrated"))
        yield


# What `migrate` makes of the models; to make them again takes thirty times as long as to empty
# all other tables.
MADE_OF_MODELS = {"django_content_type", "auth_permission"}


@pytest.fixture(autouse=True, scope="session")
def _rows_are_deleted_and_not_made_again() -> Iterator[None]:
    """A test with `transaction=True` leaves the database as `migrate` has made it.

    To truncate forty tables takes PostgreSQL five times as long as to delete a few rows of them.
    Foreign keys are checked when all are empty.
    """

    def empty(self: Any) -> None:
        for name in self._databases_names(include_mirrors=False):
            database = connections[name]
            tables = {*database.introspection.django_table_names(only_existing=True)}
            names = map(database.ops.quote_name, sorted(tables - MADE_OF_MODELS))
            statements = [f"DELETE FROM {name}" for name in names]  # noqa: S608 - our own tables
            database.ops.execute_sql_flush(statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(autouse=True, scope="session")
def _the_files_of_aws_are_read_once() -> Iterator[None]:
    """To describe a service and its addresses, botocore reads megabytes for every session."""
    from botocore.loaders import JSONFileLoader

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", functools.cache(JSONFileLoader.load_file))
        yield


def make_user(email: str, **fields: object) -> User:
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def alice(db) -> User:
    return make_user("alice@example.com")


@pytest.fixture
def bob(db) -> User:
    """He stands before everybody else, so the first row of all is not by chance the person's."""
    return make_user("bob@example.com", id=UUID(int=0xB0B))


@pytest.fixture
def staff(db) -> User:
    return make_user("staff@example.com", is_staff=True, is_superuser=True)


def bearer_token(user: User) -> str:
    """What a phone holds after logging in: the key of a real session."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["touched"] = int(time.time())
    session.create()
    return str(session.session_key)


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """`api(alice)`: her phone, with a real token."""

    def client(user: User) -> APIClient:
        result = APIClient()
        result.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(user)}")
        return result

    return client


@pytest.fixture
def web() -> Callable[[User], Client]:
    """`web(alice)`: her browser, signed in."""

    def client(user: User) -> Client:
        result = Client()
        result.force_login(user)
        return result

    return client


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-wide", action="store_true", help="leave out the tests marked wide")


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by marker
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`-m database` selects the tests that another database can make a difference to."""
    if config.getoption("without_wide"):
        wide = [item for item in items if item.get_closest_marker("wide")]
        config.hook.pytest_deselected(items=wide)
        items[:] = [item for item in items if not item.get_closest_marker("wide")]
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES:
            item.add_marker("database")


def pytest_collection_finish() -> None:
    """To search what was imported for garbage, again and again, took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """In CI nothing is skipped: what a machine lacks is a failure there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
