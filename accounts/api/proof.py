"""Requires a recent log-in, so that a finder of an unlocked device cannot take the account over."""

from types import SimpleNamespace
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.factors.proofs import is_proof_due
from accounts.models import User


class ProofDue(PermissionDenied):
    default_code = "proof_required"
    default_detail = (
        "Log in again, or send the password to /api/auth/app/v1/auth/reauthenticate, or the code of"
        " a second factor to /api/auth/app/v1/auth/2fa/reauthenticate."
    )


def require_proof(request: Request, caller: User) -> None:
    """Raise ProofDue if the session, of a device or of a page, has no recent log-in."""
    session: Any = request.auth or request._request.session  # noqa: SLF001 - of the real request
    if is_proof_due(SimpleNamespace(session=session), caller):
        raise ProofDue
