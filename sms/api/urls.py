from rest_framework.routers import SimpleRouter

from sms.api.views import MessageViewSet

router = SimpleRouter(use_regex_path=False)
router.register("messages", MessageViewSet, basename="message")

urlpatterns = router.urls
