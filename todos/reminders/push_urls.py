from django.urls import path

from todos.reminders.push_api import PushView

urlpatterns = [
    path("", PushView.as_view({"get": "retrieve", "post": "create"}), name="push"),
    path("<id:pk>/", PushView.as_view({"delete": "remove"})),
]
