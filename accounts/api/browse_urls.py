"""Where the browsable API's links lead: the one log-in, not DRF's own password form."""

from allauth.account.views import logout
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.decorators.http import require_POST
from django.views.generic import RedirectView

app_name = "rest_framework"
to_login = login_not_required(RedirectView.as_view(pattern_name="account_login", query_string=True))
urlpatterns = [
    path("login/", to_login, name="login"),
    path("logout/", require_POST(logout), name="logout"),
]
