"""The account API: allauth's routes, and the routes that replace some of them."""

from allauth.headless.constants import Client
from allauth.headless.urls import urlpatterns as allauth
from django.urls import path

from accounts.allauth.devices import DevicesView

app_name = "headless"
urlpatterns = [
    path("app/v1/auth/sessions", DevicesView.as_api_view(client=Client.APP), name="devices"),
    *allauth,
]
