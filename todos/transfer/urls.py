from typing import Any

from django.urls import path

from core.api.scopes import CLOSED
from todos.transfer.views import ExportViewSet, FeedView, ImportViewSet

app_name = "transfer"
many: Any = {"get": "list", "post": "create"}
one: Any = {"get": "retrieve", "delete": "destroy"}
archive: Any = {"post": "everything"}
feed: Any = {"get": "retrieve", "post": "create", "delete": "remove"}
urlpatterns = [
    path("exports/", ExportViewSet.as_view(many), name="exports"),
    path("exports/<id:pk>/", ExportViewSet.as_view(one), name="export"),
    path("exports/<id:pk>/file/", ExportViewSet.as_view({"get": "file"}), name="export-file"),
    path("imports/", ImportViewSet.as_view(many), name="imports"),
    path("imports/<id:pk>/", ImportViewSet.as_view(one), name="import"),
    path("imports/<id:pk>/file/", ImportViewSet.as_view({"put": "upload"}), name="import-file"),
    path("imports/<id:pk>/check/", ImportViewSet.as_view({"post": "check"})),
    path("imports/<id:pk>/confirm/", ImportViewSet.as_view({"post": "confirm"})),
    path("account/export/", ExportViewSet.as_view(archive, token_scopes=CLOSED), name="everything"),
    path("account/feed/", FeedView.as_view(feed), name="feed"),
]
