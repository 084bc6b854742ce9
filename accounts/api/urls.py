from django.urls import path

from accounts.api.views import ProfileView

urlpatterns = [path("account/", ProfileView.as_view(), name="account")]
