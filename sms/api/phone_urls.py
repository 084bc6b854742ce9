from django.urls import path

from sms.api.phone import ConsentView, PhoneView

urlpatterns = [
    path("", PhoneView.as_view({"get": "retrieve", "post": "create", "delete": "remove"})),
    path("confirm/", PhoneView.as_view({"post": "confirm"})),
    path("history/", ConsentView.as_view({"get": "list"})),
]
