from django.urls import path

from todos.sync.views import SyncView

urlpatterns = [path("", SyncView.as_view(), name="sync")]
