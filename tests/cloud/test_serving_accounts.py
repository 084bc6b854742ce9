"""Second factors through API Gateway and Lambda: an app's whole way, and a browser's."""

import json
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.factors import code_of
from tests.accounts.whole_way import Place, walk
from tests.browser.account import (
    ask_to_leave,
    begin_passkey,
    log_in,
    log_out,
    make_token,
    plug_in,
    secret_of_app,
    stay,
    switch_on,
)
from tests.cloud.local import PYTHON, Cloud, restart
from tests.cloud.people import PASSWORD, Phone, new_address, new_operator

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

TODOS = "api/v1/todos/"


def test_a_phone_goes_the_whole_way(cloud):
    walk(Place(cloud.address, cloud.code_for), new_address("alice"))


@pytest.fixture
def operator_in_need(cloud: Cloud) -> Iterator[str]:
    """The address of somebody of the staff, of whom a factor is required now.

    Not of the staff of other tests, so it ends with this one.
    """
    email = new_operator(cloud)
    ssm, name = cloud.client("ssm"), "/nudge/dev/STAFF_NEED_FACTOR"
    ssm.put_parameter(Name=name, Value="True", Type="String")
    try:
        restart(cloud)
        yield email
    finally:
        ssm.delete_parameter(Name=name)
        restart(cloud)


def test_a_browser_opens_the_admin_by_its_factors_until_an_operator_resets_them(
    cloud, visit, operator_in_need
):
    page = visit()
    plug_in(page)
    log_in(page, operator_in_need, PASSWORD)
    admin_asks_for_a_factor(page)
    secret = adds_an_app_and_a_passkey(page)
    admin_opens(page)
    logs_in_by_either(page, operator_in_need, secret)
    admin_opens(page)

    reset = f"reset_factors {operator_in_need}"
    ended = cloud.run(PYTHON, "-m", "deploy.manage", "dev", reset)
    assert (ended.code, "Removed: recovery_codes, totp, webauthn." in ended.output) == (0, True)

    log_in(page, operator_in_need, PASSWORD)  # the session has ended
    admin_asks_for_a_factor(page)
    mails = [mail for mail in cloud.mails() if f"To: {operator_in_need}\n" in mail]
    assert [mail for mail in mails if "Subject: Nudge: Your second step was removed" in mail]


def test_a_browser_ends_a_device_makes_a_token_takes_all_along_leaves_and_stays(cloud, visit):
    email, page = new_operator(cloud), visit()
    phone, program = Phone(cloud), Phone(cloud)
    phone.log_in(email)
    log_in(page, email, PASSWORD)
    program.token = make_token(page, "Backup")
    assert [it.ask("GET", TODOS).status_code for it in (phone, program)] == [200, 200]
    page.goto("auth/sessions/")
    page.get_by_role("button", name="Log out everywhere else").click()
    expect(page.get_by_role("button", name="Log out everywhere else")).to_be_hidden()
    assert [it.ask("GET", TODOS).status_code for it in (phone, program)] == [401, 200]

    page.goto("transfer/")
    page.get_by_role("button", name="Everything about me").click()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").click()
    account = json.loads(zipfile.ZipFile(begun.value.path()).read("account.json"))
    assert [it["email"] for it in account["accounts.User"]] == [email]

    ask_to_leave(page, email, PASSWORD)
    assert program.ask("GET", TODOS).status_code == 401
    stay(page)
    log_in(page, email, PASSWORD)
    expect(page.get_by_role("link", name="Add a passkey")).to_be_visible()


def admin_asks_for_a_factor(page: Page) -> None:
    page.goto("admin/")
    expect(page.get_by_text("Set up a second step first. The admin needs one.")).to_be_visible()


def admin_opens(page: Page) -> None:
    page.goto("admin/accounts/user/")
    expect(page.get_by_role("heading", name="Select user to change")).to_be_visible()


def adds_an_app_and_a_passkey(page: Page) -> str:
    """The secret of the app."""
    page.get_by_role("link", name="Set up an app").click()
    secret = secret_of_app(page)
    switch_on(page, code_of(secret))
    page.goto("auth/2fa/")
    begin_passkey(page, "My laptop")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("My laptop")).to_be_visible()
    return secret


def logs_in_by_either(page: Page, email: str, secret: str) -> None:
    """The passkey alone, and the password with a code of the app."""
    page.goto("auth/2fa/")
    log_out(page)
    page.goto("auth/2fa/")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("My laptop")).to_be_visible()
    admin_opens(page)
    page.goto("auth/2fa/")
    log_out(page)
    log_in(page, email, PASSWORD)
    page.get_by_label("Code", exact=True).fill(code_of(secret, steps=1))
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("My laptop")).to_be_visible()
