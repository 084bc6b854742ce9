"""The browsable API, for signed-in users."""

import json
from collections.abc import Iterable
from typing import Any, Final

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer
from rest_framework.request import Request

# Attributes for accessibility that the page of DRF lacks, and that no template block can add.
_NAMED: Final = (
    ("<html>", '<html lang="en">'),
    (
        'data-toggle="dropdown" title="Specify a format',
        'data-toggle="dropdown" aria-label="Formats" title="Specify a format',
    ),
    ('<pre class="prettyprint">', '<pre class="prettyprint" tabindex="0">'),
)


class BrowsableRenderer(BrowsableAPIRenderer):
    """Its raw form lists the required fields. PUT has no form, because a form sends no If-Match."""

    def render(self, *args: Any, **kwargs: Any) -> Any:
        page = super().render(*args, **kwargs)
        for old, new in _NAMED:
            page = page.replace(old, new, 1)
        return page

    def show_form_for_method(self, view: Any, method: str, request: Request, obj: Any) -> bool:
        return method != "PUT" and bool(super().show_form_for_method(view, method, request, obj))

    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        form: Any = super().get_raw_data_form(data, view, method, request)
        if method == "POST" and form:
            form.fields["_content"].initial = json.dumps(self._template(view), indent=4)
        return form

    def _template(self, view: Any) -> dict[str, str]:
        if getattr(view, "action", None) != "list":
            return {}
        fields = view.get_serializer().fields.values()
        return {field.field_name: "" for field in fields if field.required and not field.read_only}


class SignedInNegotiation(DefaultContentNegotiation):
    """Sends JSON to anonymous clients, whatever they accept: only signed-in users get pages."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        # Only if the client may want a page, so that API clients cost no session query.
        if "text/html" in request.META.get("HTTP_ACCEPT", "") or "format" in request.query_params:
            person = request._request.user  # noqa: SLF001 - DRF authenticates after negotiating
            if not person.is_authenticated:
                renderers = [r for r in renderers if not isinstance(r, BrowsableRenderer)]
                if "format" not in request.query_params:
                    return renderers[0], renderers[0].media_type
        chosen: tuple[BaseRenderer, str] = super().select_renderer(
            request, renderers, format_suffix
        )
        return chosen
