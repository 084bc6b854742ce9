"""Every page: no complaint of the console, none of axe, nothing wider than a phone."""

import uuid
from datetime import timedelta
from itertools import product
from typing import Literal
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from accounts.api_tokens import issue
from accounts.audit import Kind, record
from accounts.models import User
from tests.browser.account import ask_to_leave, make_token, stay
from tests.browser.app import open_detail, open_page
from tests.builders import at, make_list, make_todo
from tests.conftest import PASSWORD
from todos.models import Due, List, Priority

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES: tuple[ViewportSize, ...] = ({"width": 390, "height": 844}, {"width": 1280, "height": 800})
# What a finger or a mouse hits: 44 px on a phone, 24 px on a desk. A label enlarges what is in it.
TOO_SMALL = """() => [...document.querySelectorAll("button, select, summary, input")]
    .filter(item => item.type !== "hidden" && !item.closest("label"))
    .filter(item => item.checkVisibility({ visibilityProperty: true }))
    .filter(item => item.offsetHeight < (innerWidth < 700 ? 44 : 24))
    .map(item => item.outerHTML)"""
TODO, LIST = uuid.uuid4(), uuid.uuid4()
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" + "x" * 48


def fill(owner: User) -> None:
    """One row of every kind."""
    today, home = timezone.now().date(), make_list(owner, "Household")
    make_todo(owner, "finished", tags=["old"], priority=Priority.URGENT).finish()
    make_todo(owner, "overdue", due=Due(today - timedelta(days=2)), priority=Priority.LOW)
    make_todo(owner, "today", due=at(timezone.now() + timedelta(hours=1)), tags=["a", "b"])
    make_todo(owner, "high", list=home, priority=Priority.HIGH, tags=["x" * 50])
    make_todo(owner, "urgent", list=home, priority=Priority.URGENT)
    make_todo(owner, LONG[:128])


def inspect(page: Page) -> None:
    """As it looks on a phone and on a desk, by day and by night."""
    page.emulate_media(reduced_motion="reduce")
    for size, scheme in product(SIZES, SCHEMES):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate(TOO_SMALL) == []


@pytest.mark.parametrize(
    "path",
    [
        "/auth/login/",
        "/auth/signup/",
        "/auth/password/reset/",
        "/",
        "/auth/confirm-email/",
        "/auth/confirm-email/nonsense/",
        *("/account/keep/nonsense/", "/account/invited/nonsense/"),
        "/nothing/",
    ],
)
def test_page_for_everybody(visit, path):
    page = visit()
    page.goto(path)

    inspect(page)


def test_pages_of_a_new_token_and_of_staying(visit, alice):
    page = visit(as_=alice)
    page.goto("/auth/reauthenticate/?next=/account/tokens/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == "/account/tokens/")
    make_token(page, "Backup")
    inspect(page)
    ask_to_leave(page, alice.email, PASSWORD)
    inspect(page)
    stay(page)


@pytest.mark.parametrize(
    "path",
    [
        *("/todos/plain/", "/account/", "/account/data/", "/auth/email/", "/auth/sessions/"),
        "/auth/password/change/",
        *("/account/activity/", "/account/tokens/", "/account/deletion/"),
    ],
)
def test_page_of_an_account(visit, alice, path):
    issue(alice, name=LONG[:80], scopes=["read", "sms"])
    record(alice, Kind.EMAIL_ADDED, email=f"{LONG}@example.com")
    EmailAddress.objects.create(user=alice, email="a.second.address@example.com")
    page = visit(as_=alice)
    page.goto(path)

    inspect(page)


def test_page_of_exports_and_imports(visit, alice, settings, tmp_path):
    """A file that is too large for a form goes by a link; its report is shown, and confirmed."""
    settings.MEDIA_ROOT = tmp_path
    page = visit(as_=alice)
    page.goto("/transfer/")
    (tmp_path / "many.csv").write_text("title,notes,due\n" + f"milk,{'x' * 5_000},soon\n" * 800)
    page.get_by_label("File").set_input_files(tmp_path / "many.csv")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Import it")).to_be_visible(timeout=120_000)
    page.get_by_text("What is left out").click()
    inspect(page)
    page.get_by_role("button", name="Make an address").click()
    expect(page.get_by_label("Copy it now")).to_be_visible()
    inspect(page)


def test_plain_list_while_editing_after_an_error_and_with_undo(visit, alice):
    fill(alice)
    page = visit(as_=alice, java_script_enabled=False)
    page.goto("/todos/plain/")
    page.get_by_label("Rename “today”").click()
    page.get_by_label("New title").fill("x" * 129)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("At most 128 characters fit")).to_be_visible()
    page.get_by_role("button", name="Delete “urgent”").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


NIGHTLY = ("inbox", "upcoming", "list/{list}", "tag/a", "search?q=to", "finished", "trash")


@pytest.mark.parametrize(
    "view", ["today", *(pytest.param(view, marks=pytest.mark.nightly) for view in NIGHTLY)]
)
def test_view_of_the_page(visit, alice, view):
    fill(alice)
    make_todo(alice, "gone").trash()
    page = visit(as_=alice)
    home = List.objects.get(owner=alice, is_inbox=False)
    open_page(page, view.format(list=home.pk))

    inspect(page)


def test_page_with_a_todo_open_and_several_selected(visit, alice):
    fill(alice)
    page = visit(as_=alice)
    open_page(page)
    open_detail(page, LONG[:128])
    inspect(page)
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    page.keyboard.press("v")
    expect(page.get_by_role("toolbar")).to_be_visible()
    inspect(page)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["help", "appearance", "list", "remove-list"])
def test_question_of_the_page(visit, alice, name):
    page = visit(as_=alice)
    open_page(page, f"list/{make_list(alice, 'Household').pk}")
    page.evaluate(f"import('#app/state.js').then((state) => {{ state.dialog.value = '{name}'; }})")
    expect(page.get_by_role("dialog")).to_be_visible()

    inspect(page)


def test_a_phone_shows_a_first_todo_in_the_upper_third(visit, alice):
    fill(alice)
    page = visit(as_=alice, viewport=SIZES[0])
    open_page(page, "today")

    box = page.locator("li[data-id]").first.bounding_box()
    assert box
    assert box["y"] + box["height"] < SIZES[0]["height"] / 3


def test_refused_forms(visit, alice):
    page = visit()
    page.goto("/auth/login/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    inspect(page)

    page.goto("/auth/signup/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("This password is too short.")).to_be_visible()
    inspect(page)


def test_password_reset_by_code(visit, alice):
    page = visit()
    page.goto("/auth/password/reset/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_label("Code")).to_be_visible()
    inspect(page)

    code = next(line for line in str(mail.outbox[-1].body).splitlines() if line[4:5] == "-")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_label("New password", exact=True)).to_be_visible()
    inspect(page)


def test_proving_an_address_by_code(visit, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
    page = visit()
    page.goto("/auth/signup/")
    page.get_by_label("Email").fill("carol@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Code")).to_be_visible()

    inspect(page)


def test_proving_the_password_again(visit, alice):
    page = visit(as_=alice)
    page.goto("/auth/reauthenticate/?next=/auth/email/")

    inspect(page)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/accounts/user/",
        "/admin/accounts/user/add/",
        "/admin/todos/todo/",
        "/admin/todos/todo/add/",
        "/api/v1/lists/",
        f"/api/v1/lists/{LIST}/",
        "/api/v1/todos/",
        f"/api/v1/todos/{TODO}/",
        "/api/v1/account/",
        "/api/docs/",
    ],
)
def test_page_of_a_library_obeys_the_policy(visit, staff, path):
    """The console, which `visit` watches, is where a broken Content-Security-Policy shows."""
    make_todo(staff, pk=TODO)
    make_list(staff, pk=LIST)
    page = visit(as_=staff)

    answer = page.goto(path)
    expect(page.get_by_role("heading").first).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert answer
    assert answer.status == 200
