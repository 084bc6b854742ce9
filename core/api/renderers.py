"""The browsable API, for people who are signed in."""

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer
from rest_framework.request import Request


class SignedInNegotiation(DefaultContentNegotiation):
    """Strangers get JSON whatever they accept: pages about the API are for signed-in people."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        # Asked only where a page could be meant, so that API clients pay no session query.
        if "text/html" in request.META.get("HTTP_ACCEPT", "") or "format" in request.query_params:
            person = request._request.user  # noqa: SLF001 - DRF authenticates after negotiating
            if not person.is_authenticated:
                renderers = [r for r in renderers if not isinstance(r, BrowsableAPIRenderer)]
                if "format" not in request.query_params:
                    return renderers[0], renderers[0].media_type
        chosen: tuple[BaseRenderer, str] = super().select_renderer(
            request, renderers, format_suffix
        )
        return chosen
