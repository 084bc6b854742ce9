from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.api.deletion import DeletionView, KeepView
from accounts.api.tokens import ApiTokensView
from accounts.api.views import ActivityView, PageSessionView, ProfileView
from accounts.views import log_out

# The links of the browsable API lead to the product's log-in, not to DRF's password form.
_to_login = login_not_required(
    RedirectView.as_view(pattern_name="account_login", query_string=True)
)
_browse = [path("login/", _to_login, name="login"), path("logout/", log_out, name="logout")]

urlpatterns = [
    path(
        "v1/account/",
        ProfileView.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="account",
    ),
    path("v1/account/activity/", ActivityView.as_view({"get": "list"}), name="activity"),
    path("v1/account/deletion/", DeletionView.as_view({"post": "create"}), name="deletion"),
    path("v1/account/deletion/keep/", KeepView.as_view({"post": "create"}), name="keep"),
    path(
        "v1/account/tokens/",
        ApiTokensView.as_view({"get": "list", "post": "create"}),
        name="api-tokens",
    ),
    path("v1/account/tokens/<id:pk>/", ApiTokensView.as_view({"delete": "destroy"})),
    path("v1/session/", PageSessionView.as_view({"get": "retrieve"}), name="session"),
    path("browse/", include((_browse, "rest_framework"))),
]
