from rest_framework.routers import SimpleRouter

from todos.api.views import ListViewSet, TodoViewSet

router = SimpleRouter(use_regex_path=False)
router.register("lists", ListViewSet, basename="list")
router.register("todos", TodoViewSet, basename="todo")

urlpatterns = router.urls
