from django.urls import path

from sms import webhooks
from sms.api.send import SendView

app_name = "sms"
urlpatterns = [
    path("send", SendView.as_view(), name="send"),
    path("status/<id:message_id>/", webhooks.callback, name="status"),
    path("inbound/", webhooks.callback, name="inbound"),
]
