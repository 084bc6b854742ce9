from django.urls import path

from todos.transfer.pages import page

app_name = "transfers"
urlpatterns = [path("", page, name="page")]
