"""What a person does with the account, at whatever address the page is."""

import re

from playwright.sync_api import Page, expect

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in(page: Page) -> None:
    """A key of the browser's own, for tests (WebAuthn level 3, section 11)."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})


def log_in(page: Page, email: str, password: str) -> None:
    """On the way to the page about the second step."""
    page.goto("auth/2fa/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Sign up").first).to_be_visible()


def begin_passkey(page: Page, name: str) -> None:
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)


def secret_of_app(page: Page) -> str:
    """As the page shows it to who cannot read its QR code."""
    page.get_by_text("Type it instead").click()
    return page.locator(".secret").inner_text()


def switch_on(page: Page, code: str) -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("The authenticator app is on.")).to_be_visible()


def make_token(page: Page, name: str) -> str:
    page.goto("account/tokens/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Read to-dos and texts").check()
    page.get_by_role("button", name="Create the token").click()
    made = page.get_by_label(name, exact=True)
    expect(made).to_have_value(re.compile("^nudge_"))
    return made.input_value()


def ask_to_leave(page: Page, email: str, password: str) -> None:
    """Up to the question of who logs in again."""
    page.goto("account/deletion/")
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keep the account?")).to_be_visible()


def stay(page: Page) -> None:
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_text("Your account stays.")).to_be_visible()
