from django.urls import path

from todos import views

app_name = "todos"
urlpatterns = [
    path("", views.index, name="index"),
    path("undo/", views.undo, name="undo"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/finish/", views.finish, name="finish"),
    path("<uuid:pk>/reopen/", views.reopen, name="reopen"),
    path("<uuid:pk>/rename/", views.rename, name="rename"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
]
