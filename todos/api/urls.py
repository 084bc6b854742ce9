from django.urls import path
from rest_framework.routers import SimpleRouter

from todos.api.occurrences import OccurrencesView
from todos.api.saved_filters import SavedFilterViewSet
from todos.api.summary import SummaryView
from todos.api.tags import TagViewSet
from todos.api.views import ListViewSet, TodoViewSet, TrashViewSet

router = SimpleRouter(use_regex_path=False)
router.register("lists", ListViewSet, basename="list")
router.register("filters", SavedFilterViewSet, basename="filter")
router.register("tags", TagViewSet, basename="tag")
router.register("todos", TodoViewSet, basename="todo")

urlpatterns = [
    path("todos/<id:pk>/occurrences/", OccurrencesView.as_view({"get": "retrieve"})),
    path("summary/", SummaryView.as_view({"get": "retrieve"}), name="summary"),
    *router.urls,
    path("trash/", TrashViewSet.as_view({"get": "list", "delete": "empty"}), name="trash"),
    path("trash/<id:pk>/", TrashViewSet.as_view({"delete": "destroy"})),
    path("trash/<id:pk>/restore/", TrashViewSet.as_view({"post": "restore"})),
]
