"""The routes of the project."""

from django.urls import URLResolver, include, path, re_path
from django.urls.resolvers import RoutePattern

from config import errors, health, static
from config.home import home
from core import ids  # noqa: F401 - importing registers the path converter
from core.api.index import IndexView

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler429 = errors.too_many  # used by allauth
handler500 = errors.server_error


def lazy_include(route: str, urlconf: str, *, namespace: str | None = None) -> URLResolver:
    """Like path(..., include(urlconf)), but the first request below the route imports it.

    For all but the API of to-dos, which is what a new process is asked for most: pages 10 ms, sms
    10 ms, allauth 15 ms, drf-spectacular 30 ms.
    """
    return URLResolver(RoutePattern(route), urlconf, app_name=namespace, namespace=namespace)


urlpatterns = [
    path("", home, name="home"),
    path("hello/", health.hello, name="hello"),
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("static/<path:name>", static.packed, name="static"),
    lazy_include("todos/", "todos.urls", namespace="todos"),
    lazy_include("reminders/", "todos.reminders.urls", namespace="reminders"),
    lazy_include("transfer/", "todos.transfer.page_urls", namespace="transfers"),
    lazy_include("feeds/", "todos.transfer.feed_urls", namespace="feeds"),
    lazy_include("account/", "accounts.urls", namespace="accounts"),
    lazy_include("auth/", "accounts.auth_urls"),
    lazy_include("sms/", "sms.page_urls", namespace="texts"),
    lazy_include("service/sms/", "sms.urls", namespace="sms"),
    lazy_include("api/v1/account/phone/", "sms.api.phone_urls"),
    lazy_include("api/v1/account/push/", "todos.reminders.push_urls"),
    lazy_include("api/v1/sms/", "sms.api.urls"),
    lazy_include("api/v1/sync/", "todos.sync.urls"),
    lazy_include("api/v1/todos/bulk/", "todos.sync.bulk_urls"),
    lazy_include("api/v1/todos/quick/", "todos.api.quick_urls"),
    path("api/v1/", IndexView.as_view({"get": "retrieve"}), name="api-index"),
    path("api/v1/", include("todos.api.urls")),  # before the others, which it need not import
    lazy_include("api/", "accounts.api.urls"),
    lazy_include("api/v1/", "todos.transfer.urls", namespace="transfer"),
    # Routes of allauth that this service does not offer: phone numbers, log-in by code, JWT.
    re_path(
        "^api/auth/app/v1/(?:account/phone|auth/phone/|auth/code/|tokens/)", errors.api_not_found
    ),
    lazy_include("api/auth/", "accounts.allauth.urls", namespace="headless"),
    lazy_include("api/", "config.documentation"),
    re_path("^(?:api|service)/", errors.api_not_found, name="api-not-found"),
    lazy_include("admin/", "accounts.admin_urls", namespace="admin"),
]
