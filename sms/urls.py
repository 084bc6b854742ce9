from django.urls import path

from sms import views, webhooks

app_name = "sms"
urlpatterns = [
    path("send", views.SendView.as_view(), name="send"),
    path("status/<uuid:message_id>/", webhooks.status, name="status"),
    path("inbound/", webhooks.receive, name="inbound"),
]
