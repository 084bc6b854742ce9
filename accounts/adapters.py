"""Where allauth asks the product."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from core.http import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def get_client_ip(self, request: HttpRequest) -> str:
        """Limits count by the true address; X-Forwarded-For is the client's to write."""
        return client_address(request)
