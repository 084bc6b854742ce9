"""The pages under /auth/: allauth's, with a log-in that answers 429 and a log-out by POST only."""

from allauth.account.views import account_inactive, email_verification_sent
from django.urls import include, path

from accounts.views import LoginView, log_out, not_for_members

urlpatterns = [
    path("login/", LoginView.as_view(), name="account_login"),
    path("logout/", log_out, name="account_logout"),
    path("inactive/", not_for_members(account_inactive), name="account_inactive"),
    path(
        "confirm-email/",
        not_for_members(email_verification_sent),
        name="account_email_verification_sent",
    ),
    path("", include("allauth.urls")),
]
