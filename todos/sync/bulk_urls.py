from django.urls import path

from todos.sync.bulk import BulkViewSet

urlpatterns = [path("", BulkViewSet.as_view({"post": "create"}), name="bulk")]
