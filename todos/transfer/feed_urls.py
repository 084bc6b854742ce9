from django.urls import path

from todos.transfer.links import feed

app_name = "feeds"
urlpatterns = [path("<str:secret>.ics", feed, name="calendar")]
