"""The whole way of an app with plain `requests`, at any address: from sign-up to leaving."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.accounts.conftest import PASSWORD, Phone
from tests.accounts.factors import CODES, FINISH, TOTP, add_passkey, code_of, set_up_app
from tests.accounts.soft_key import SoftKey
from tests.cloud.local import TIMEOUT, eventually

ME, TODOS, TOKENS = "/api/v1/account/", "/api/v1/todos/", "/api/v1/account/tokens/"
HAPPENED = {
    *("signed_up", "logged_in", "new_device", "device_ended", "exported"),
    *("factor_added", "factor_removed", "recovery_codes_made", "recovery_code_used"),
    *("token_created", "token_revoked", "deletion_asked", "deletion_cancelled"),
}
SESSIONS, PASSKEY = "auth/sessions", "auth/webauthn/login"


class ScriptedPhone(Phone):
    """Speaks to a server over the network."""

    def __init__(self, base: str, token: str | None = None) -> None:
        self.base, self.token = base.rstrip("/"), token

    def send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        return requests.request(
            method,
            self.base + path,
            json=body,
            headers={"User-Agent": "Nudge/1.2 (iPhone)", **headers},
            timeout=TIMEOUT,
            allow_redirects=False,
        )


@dataclass(frozen=True)
class Place:
    """Where a server answers, and how to read what it mails to an address."""

    base: str
    code_for: Callable[[str], str]

    def phone(self, token: str | None = None) -> ScriptedPhone:
        return ScriptedPhone(self.base, token)

    def key_of(self, phone: Phone) -> SoftKey:
        """A passkey of the host that people type."""
        parts = urlsplit(self.base)
        origin = f"{parts.scheme}://{parts.netloc}"
        return add_passkey(phone, "My phone", host=str(parts.hostname), origin=origin)


def walk(place: Place, email: str) -> None:
    phone = signed_up(place, email)
    codes = with_an_app(place, phone, email)
    devices_end(place, phone, email, codes)
    key = with_a_passkey(place, phone)
    programs_do_what_their_scopes_say(place, phone)
    takes_everything_along(phone, email)
    back = leaves_and_comes_back(place, phone, email, key)
    told = back.get("/api/v1/account/activity/?limit=100").json()["results"]
    assert {it["kind"] for it in told} == HAPPENED


def works(phone: Phone) -> bool:
    answer = phone.get(ME)
    assert answer.status_code == 200 or is_refused(answer), answer.text
    return bool(answer.status_code == 200)


def is_refused(answer: Any) -> bool:
    codes = [each["code"] for each in answer.json()["errors"]]
    return (answer.status_code, codes) == (401, ["authentication_failed"])


def pending(answer: Any) -> list[str]:
    assert answer.status_code == 401, answer.text
    return [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]


def signed_up(place: Place, email: str) -> Phone:
    """By the code of the mail; another device logs in and out meanwhile."""
    phone, second = place.phone(), place.phone()
    begun = phone.post("auth/signup", {"email": email, "password": PASSWORD})
    assert pending(begun) == ["verify_email"]
    assert phone.post("auth/email/verify", {"key": place.code_for(email)}).status_code == 200
    assert phone.get(ME).json()["email"] == email
    assert second.log_in(email).status_code == 200
    assert second.token != phone.token
    assert second.delete("auth/session").status_code == 401
    assert (works(second), works(phone)) == (False, True)
    return phone


def with_an_app(place: Place, phone: Phone, email: str) -> list[str]:
    """The recovery codes; a device without a code of the app does not come in."""
    secret = set_up_app(phone)
    second = place.phone()
    assert pending(second.log_in(email)) == ["mfa_authenticate"]
    half = place.phone(second.token)
    assert not works(half)
    wrong = second.post(FINISH, {"code": "000000"})
    assert [each["code"] for each in wrong.json()["errors"]] == ["incorrect_code"]
    assert second.post(FINISH, {"code": code_of(secret, steps=1)}).status_code == 200
    assert (works(second), second.token == phone.token) == (True, False)
    codes: list[str] = phone.get(CODES).json()["data"]["unused_codes"]
    assert len(codes) == 10
    return codes


def devices_end(place: Place, phone: Phone, email: str, codes: list[str]) -> None:
    """All but this one; the last came by a recovery code, which works once."""
    lost = place.phone()
    lost.log_in(email)
    assert lost.post(FINISH, {"code": codes[0]}).status_code == 200
    again = place.phone()
    again.log_in(email)
    assert again.post(FINISH, {"code": codes[0]}).status_code == 400
    devices = phone.get(SESSIONS).json()["data"]
    others = [each["id"] for each in devices if not each["is_current"]]
    assert (len(devices), len(others)) == (3, 2)
    answer = phone.delete(SESSIONS, {"sessions": others})
    assert [each["is_current"] for each in answer.json()["data"]] == [True]
    assert (works(lost), works(phone)) == (False, True)


def with_a_passkey(place: Place, phone: Phone) -> SoftKey:
    """It logs in alone, also after the app is gone; one of another page does not."""
    key = place.key_of(phone)
    assert phone.delete(TOTP).status_code == 200
    assert by_passkey(place.phone(), key).status_code == 200
    origin, key.origin = key.origin, "https://evil.example"
    assert by_passkey(place.phone(), key).status_code == 400
    key.origin = origin
    return key


def by_passkey(phone: Phone, key: SoftKey, route: str = PASSKEY) -> Any:
    options = phone.get(route).json()["data"]["request_options"]
    return phone.post(route, {"credential": key.get(options)})


def programs_do_what_their_scopes_say(place: Place, phone: Phone) -> None:
    statuses = {}
    for scope in ("read", "write"):
        made = phone.post(TOKENS, {"name": "Backup", "scopes": [scope]})
        program = place.phone(made.json()["token"])
        told = (program.get(TODOS), program.post(TODOS, {"title": scope}), program.get(TOKENS))
        revoked = phone.delete(f"{TOKENS}{made.json()['id']}/")
        assert (revoked.status_code, is_refused(program.get(TODOS))) == (204, True)
        statuses[scope] = [answer.status_code for answer in told]
    assert statuses == {"read": [200, 403, 403], "write": [200, 201, 403]}


def takes_everything_along(phone: Phone, email: str) -> None:
    begun = phone.post("/api/v1/account/export/")
    assert begun.status_code == 202, begun.text
    path = f"/api/v1/exports/{begun.json()['id']}/"
    done = eventually(lambda: (it := phone.get(path).json())["state"] == "done" and it)
    headers = {"Authorization": f"Bearer {phone.token}"}
    file = requests.get(done["file"], headers=headers, timeout=TIMEOUT, allow_redirects=False)
    if file.status_code == 302:  # to a bucket, which a token is nothing for
        file = requests.get(file.headers["Location"], timeout=TIMEOUT)
    account = json.loads(zipfile.ZipFile(io.BytesIO(file.content)).read("account.json"))
    assert [it["email"] for it in account["accounts.User"]] == [email]
    assert [it["title"] for it in account["todos.Todo"]] == ["write"]


def leaves_and_comes_back(place: Place, phone: Phone, email: str, key: SoftKey) -> Phone:
    assert phone.post("/api/v1/account/deletion/").status_code == 202
    assert not works(phone)
    back = place.phone()
    refused = back.log_in(email)
    assert [each["code"] for each in refused.json()["errors"]] == ["deletion_pending"]
    token = refused.json()["keep"]["token"]
    kept = back.post("/api/v1/account/deletion/keep/", {"token": token})
    assert (refused.status_code, kept.status_code) == (403, 204)
    assert pending(back.log_in(email)) == ["mfa_authenticate"]
    assert by_passkey(back, key, "auth/webauthn/authenticate").status_code == 200
    assert [it["title"] for it in back.get(TODOS).json()["results"]] == ["write"]
    return back
