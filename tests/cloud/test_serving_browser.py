"""People with a browser, at the address that API Gateway gave the stage; files come from S3."""

from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, ViewportSize, expect

from tests.cloud.local import Cloud, eventually
from tests.cloud.people import PASSWORD, Phone, new_address, signed_up

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
PAPER, NIGHT = "rgb(246, 245, 241)", "rgb(18, 23, 24)"  # of static/css/tokens.css
WHITE, SLATE = "rgb(255, 255, 255)", "rgb(26, 33, 34)"


@pytest.fixture(scope="module")
def email(cloud: Cloud) -> str:
    """Of somebody who has signed up."""
    _phone, address = signed_up(cloud, "dora")
    return address


def log_in(page: Page, email: str) -> None:
    page.goto("auth/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/dev/todos/")


def all_come(page: Page) -> None:
    """All parts of the page are here, and its data."""
    expect(page.locator("main[aria-busy=false]")).to_be_visible()
    eventually(lambda: page.evaluate("document.documentElement.dataset.whole") == "yes")


def files_of(page: Page) -> list[Response]:
    """Answers for styles, scripts and the like, while the page is used."""
    files: list[Response] = []

    def keep(got: Response) -> None:
        # The service worker and the manifest belong to the address of the page.
        own = got.url.endswith(("/todos/worker.js", "/todos/manifest.webmanifest"))
        if got.request.resource_type in {"stylesheet", "script", "image", "font"} and not own:
            files.append(got)

    page.on("response", keep)
    return files


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_from_sign_up_to_log_out(cloud, visit, static, size):
    email, page = new_address("carol"), visit(viewport=size)
    files = files_of(page)
    page.goto("auth/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("Code").fill(cloud.code_for(email))
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"{cloud.address}todos/")
    expect(page.locator("main[aria-busy=false]")).to_be_visible()

    page.keyboard.press("n")
    page.keyboard.type("buy milk")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("checkbox", name="buy milk", exact=True).click()
    expect(page.get_by_text("Finished buy milk")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert {file.status for file in files} == {200}
    assert {file.url[: len(static)] for file in files} == {static}
    assert {"stylesheet", "script"} <= {file.request.resource_type for file in files}

    if size is PHONE:
        page.get_by_role("button", name="Views").click()
    page.get_by_label("Account menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.goto("todos/")
    wanted = f"{urlsplit(cloud.address).path}todos/"
    expect(page).to_have_url(f"{cloud.address}auth/login/?next={wanted}")


def test_the_installed_page_works_while_nothing_of_the_stage_can_be_reached(cloud, visit, email):
    page = visit(complains=True)  # of the network, and of the token of the kept page
    log_in(page, email)
    expect(page.locator("main[aria-busy=false]")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    all_come(page)
    page.context.set_offline(True)  # neither the function nor the bucket
    page.reload()
    page.keyboard.press("n")
    page.keyboard.type("read in the tunnel today")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("checkbox", name="read in the tunnel", exact=True)).to_be_visible()

    page.context.set_offline(False)
    phone = Phone(cloud)
    phone.log_in(email)
    found = eventually(lambda: phone.ask("GET", "api/v1/todos/?q=tunnel").json()["results"])
    assert [todo["title"] for todo in found] == ["read in the tunnel"]
    removed = phone.ask("DELETE", f"api/v1/todos/{found[0]['id']}/")  # others use this account
    assert removed.status_code == 204


def test_a_second_account_sees_nothing_of_it(cloud, visit):
    alice, _email = signed_up(cloud, "alice")
    made = alice.ask("POST", "api/v1/todos/", {"title": "alice's secret"}).json()
    _phone, email = signed_up(cloud, "bob")
    page = visit()
    log_in(page, email)

    expect(page.get_by_text("Nothing is due today")).to_be_visible()
    page.goto("about:blank")  # so that the next address draws the page anew
    page.goto(f"todos/#/todo/{made['id']}")
    all_come(page)  # the detail too

    assert "secret" not in page.content()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_by_day_and_by_night_as_drawn_and_accessible(visit, email, size):
    page = visit(viewport=size)
    log_in(page, email)
    expect(page.locator("main[aria-busy=false]")).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    seen = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        seen.append(page.evaluate(BACKGROUND))
        # Else axe copies styles of another origin into the page, which our policy forbids.
        found = Axe().run(page, options={"preload": False})
        assert found.violations_count == 0, found.generate_report()
    assert seen == ([WHITE, SLATE] if size is PHONE else [PAPER, NIGHT])


def test_without_javascript_it_works_too(visit, email):
    page = visit(java_script_enabled=False)
    log_in(page, email)
    page.get_by_role("link", name="Your to-dos without JavaScript").click()
    page.get_by_label("New to-do").fill("buy milk")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 item left")).to_be_visible()


def test_the_admin_of_an_operator_has_its_styles(cloud, visit, static, operator):
    page = visit(viewport=DESK)
    log_in(page, operator)
    files = files_of(page)

    for path in ("admin/", "admin/accounts/user/", "admin/sms/message/"):
        answer = page.goto(path)
        assert answer
        assert answer.status == 200

    assert page.evaluate("getComputedStyle(document.querySelector('#header')).display") == "flex"
    assert {file.status for file in files} == {200}
    translations = f"{cloud.address}admin/jsi18n/"  # which Django makes for who asks
    served = [file.url for file in files if not file.url.startswith(translations)]
    assert {url[: len(static)] for url in served} == {static}


def test_the_browsable_api_and_the_document_are_styled(visit, email):
    page = visit(viewport=DESK)
    log_in(page, email)
    files = files_of(page)

    page.goto("api/v1/todos/")
    expect(page.get_by_role("heading", name="Todo List")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.navbar')).position") != "static"
    page.goto("api/docs/")
    expect(page.get_by_role("heading", name="Nudge", level=1)).to_be_visible()
    expect(page.locator("#operations-todos-todos_list, .opblock").first).to_be_visible()

    assert {file.status for file in files} == {200}


def test_a_stranger_is_led_through_the_log_in_and_back(cloud, visit, email):
    page = visit()
    page.goto("account/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"{cloud.address}account/")
    expect(page.get_by_text(email).first).to_be_visible()
