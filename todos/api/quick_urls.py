from django.urls import path

from todos.api.quick import QuickAddView

urlpatterns = [path("", QuickAddView.as_view({"post": "quick_add"}), name="quick-add")]
