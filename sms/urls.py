from django.urls import path

from sms import views

app_name = "sms"
urlpatterns = [
    path("send", views.SendView.as_view(), name="send"),
]
