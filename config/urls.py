"""The whole map on one screen."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from config import errors, health

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler429 = errors.too_many  # asked for by allauth
handler500 = errors.server_error

urlpatterns = [
    path("", login_not_required(RedirectView.as_view(pattern_name="todos:index")), name="home"),
    path("hello/", health.hello, name="hello"),
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("todos/", include("todos.urls")),
    path("account/", include("accounts.urls")),
    path("auth/", include("accounts.auth_urls")),
    path("service/sms/", include("sms.urls")),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("sms.api.urls")),
    path("api/v1/", include("todos.api.urls")),
    # Routes of allauth that this service does not offer: numbers, log-in by code, JWT.
    re_path(
        "^api/auth/app/v1/(?:account/phone|auth/phone/|auth/code/|tokens/)", errors.api_not_found
    ),
    path("api/auth/", include("allauth.headless.urls")),
    path("api/browse/", include("accounts.api.browse_urls")),
    path("api/schema/", SpectacularJSONAPIView.as_view(api_version="v1"), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    re_path("^api/", errors.api_not_found, name="api-not-found"),
    path("admin/", admin.site.urls),
]
