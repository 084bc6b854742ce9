from django.urls import path

from todos.reminders import pages

urlpatterns = [
    path("<str:token>/", pages.act, name="act"),
    path("<str:token>/now/", pages.act_now, name="act-now"),
]
