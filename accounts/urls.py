from django.urls import path

from accounts import deletion_pages, registration_pages, token_pages, views

app_name = "accounts"
urlpatterns = [
    path("", views.profile, name="profile"),
    path("activity/", views.activity, name="activity"),
    path("deletion/", deletion_pages.leave, name="deletion"),
    path("keep/<str:token>/", deletion_pages.keep, name="keep"),
    path("invited/<str:token>/", registration_pages.invited, name="invited"),
    path("tokens/", token_pages.tokens, name="tokens"),
    path("data/", views.data, name="data"),
]
