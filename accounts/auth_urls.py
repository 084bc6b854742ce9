"""The pages under /auth/: allauth's, with a log-in that answers 429 and a log-out by POST only."""

from allauth.account.views import logout
from django.urls import include, path
from django.views.decorators.http import require_POST

from accounts.views import LoginView

urlpatterns = [
    path("login/", LoginView.as_view(), name="account_login"),
    path("logout/", require_POST(logout), name="account_logout"),
    path("", include("allauth.urls")),
]
