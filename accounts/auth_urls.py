"""The pages under /auth/: allauth's pages, and the pages that replace some of them."""

from allauth.account.views import email_verification_sent
from django.urls import include, path

from accounts.factor_views import (
    AddPasskeyView,
    AskForFactorView,
    ProveByFactorView,
    ProveByPasskeyView,
    to_all_factors,
)
from accounts.registration_pages import SignupView
from accounts.views import LoginView, devices, log_out, not_for_members, to_log_in

urlpatterns = [
    path("login/", LoginView.as_view(), name="account_login"),
    path("signup/", SignupView.as_view(), name="account_signup"),
    path("logout/", log_out, name="account_logout"),
    path("inactive/", not_for_members(to_log_in), name="account_inactive"),
    path(
        "password/reset/done/",
        not_for_members(to_log_in),
        name="account_password_reset_completed",
    ),
    path("sessions/", devices, name="usersessions_list"),
    path(
        "confirm-email/",
        not_for_members(email_verification_sent),
        name="account_email_verification_sent",
    ),
    path("2fa/authenticate/", AskForFactorView.as_view(), name="mfa_authenticate"),
    path("2fa/reauthenticate/", ProveByFactorView.as_view(), name="mfa_reauthenticate"),
    path(
        "2fa/webauthn/reauthenticate/",
        ProveByPasskeyView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("2fa/webauthn/", to_all_factors, name="mfa_list_webauthn"),
    path("2fa/webauthn/add/", AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path("", include("allauth.urls")),
]
