"""Who uses the local cloud: people with a phone, and the operator with a browser."""

import base64
import json
import re
import secrets
from typing import Any

import requests

from tests.cloud.local import TIMEOUT, Cloud

PASSWORD = "correct-horse-battery"
AUTH = "api/auth/app/v1/auth/"
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def new_address(name: str) -> str:
    """Of somebody the stage has never seen, however often the tests run."""
    return f"{name}-{secrets.token_hex(4)}@example.com"


class Phone:
    """Speaks JSON and keeps one token, as an app does."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.token = cloud, ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Of a path below the stage, or of a link that was answered."""
        if self.token:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        url = path if path.startswith("http") else self.cloud.address + path
        return requests.request(
            method, url, json=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )

    def sign_up(self, email: str) -> None:
        """With the code that was mailed; the token of the first step is not that of the last."""
        pending = self.ask("POST", f"{AUTH}signup", {"email": email, "password": PASSWORD})
        assert pending.status_code == 401, pending.text
        self.token = pending.json()["meta"]["session_token"]
        proved = self.ask("POST", f"{AUTH}email/verify", {"key": self.cloud.code_for(email)})
        assert proved.status_code == 200, proved.text
        self.token = proved.json()["meta"]["session_token"]

    def log_in(self, email: str) -> None:
        answer = self.ask("POST", f"{AUTH}login", {"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["meta"]["session_token"]


def signed_up(cloud: Cloud, name: str) -> tuple[Phone, str]:
    """Somebody new, with a token and an address."""
    phone, email = Phone(cloud), new_address(name)
    phone.sign_up(email)
    return phone, email


def manage(cloud: Cloud, command: str) -> str:
    """What a command prints in the function for commands, as `make manage` runs it."""
    answer = cloud.client("lambda").invoke(
        FunctionName="nudge-dev-ops", LogType="Tail", Payload=json.dumps({"manage": command})
    )
    printed = base64.b64decode(answer["LogResult"]).decode()
    assert "FunctionError" not in answer, printed
    return printed


def new_operator(cloud: Cloud) -> str:
    """As docs/deployment.md says: made without a password, which is chosen by mail."""
    email = new_address("operator")
    manage(cloud, f"createsuperuser --noinput --email {email}")
    phone = Phone(cloud)
    pending = phone.ask("POST", f"{AUTH}password/request", {"email": email})
    phone.token = pending.json()["meta"]["session_token"]
    chosen = {"key": cloud.code_for(email), "password": PASSWORD}
    answer = phone.ask("POST", f"{AUTH}password/reset", chosen)
    assert answer.status_code == 401, answer.text  # changed, and to log in with
    return email


class AdminSession:
    """The operator in the admin, without a browser's rendering."""

    def __init__(self, cloud: Cloud, email: str) -> None:
        self.address = cloud.address
        self.session = requests.Session()
        answer = self.post("auth/login/", login=email, password=PASSWORD)
        assert answer.status_code == 302, answer.text

    def get(self, path: str) -> requests.Response:
        return self._send("GET", path)

    def post(self, path: str, **fields: str) -> requests.Response:
        """The form of this page, with its token."""
        [token, *_] = _CSRF.findall(self.get(path).text)
        return self._send("POST", path, {"csrfmiddlewaretoken": token, **fields})

    def grant(self, account_id: str, per_day: int) -> None:
        """An allowance of texts."""
        answer = self.post("admin/sms/allowance/add/", account=account_id, per_day=str(per_day))
        assert answer.status_code == 302, answer.text

    def _send(
        self, method: str, path: str, fields: dict[str, str] | None = None
    ) -> requests.Response:
        """With Secure cookies over plain http, as a browser does on its own machine."""
        kept = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)
        return self.session.request(
            method,
            self.address + path,
            data=fields,
            headers={"Cookie": kept},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
