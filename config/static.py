"""Serves static files from the package, for a function without a bucket for them."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

FOR_EVER = "public, max-age=31536000, immutable"  # a changed file has a new name


@login_not_required
@require_safe
def packed(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a file that the manifest names; deploy/static.py packs exactly these."""
    if name not in getattr(staticfiles_storage, "hashed_files", {}).values():
        raise Http404
    response = serve(request, name, document_root=str(settings.STATIC_ROOT))
    response.headers["Cache-Control"] = FOR_EVER
    return response
