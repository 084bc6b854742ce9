from django.urls import path

from todos.sync.views import SyncViewSet

urlpatterns = [path("", SyncViewSet.as_view({"get": "retrieve", "post": "create"}), name="sync")]
