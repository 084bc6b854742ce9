from django.urls import path

from sms import views

app_name = "texts"
urlpatterns = [
    path("phone/", views.phone, name="phone"),
    path("consent/", views.about, name="consent"),
]
