from django.urls import path

from accounts import token_pages, views

app_name = "accounts"
urlpatterns = [
    path("", views.profile, name="profile"),
    path("activity/", views.activity, name="activity"),
    path("tokens/", token_pages.tokens, name="tokens"),
    path("data/", views.data, name="data"),
]
