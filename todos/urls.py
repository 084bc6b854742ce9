from django.urls import path

from todos import views

app_name = "todos"
urlpatterns = [
    path("", views.index, name="index"),
    path("undo/", views.undo, name="undo"),
    path("<id:pk>/", views.detail, name="detail"),
    path("<id:pk>/finish/", views.finish, name="finish"),
    path("<id:pk>/reopen/", views.reopen, name="reopen"),
    path("<id:pk>/rename/", views.rename, name="rename"),
    path("<id:pk>/delete/", views.delete, name="delete"),
]
