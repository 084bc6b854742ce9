"""Where the browsable API's links lead: the one log-in, not DRF's own password form."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView

from accounts.logout import log_out

app_name = "rest_framework"
to_login = login_not_required(RedirectView.as_view(pattern_name="account_login", query_string=True))
urlpatterns = [
    path("login/", to_login, name="login"),
    path("logout/", log_out, name="logout"),
]
