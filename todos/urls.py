from django.urls import path

from todos import shell, views

app_name = "todos"
urlpatterns = [
    path("", shell.index, name="index"),
    path("worker.js", shell.worker, name="worker"),
    path("manifest.webmanifest", shell.manifest, name="manifest"),
    path("words.json", shell.words, name="words"),
    path("plain/", views.index, name="plain"),
    path("plain/undo/", views.undo, name="undo"),
    path("plain/<id:pk>/finish/", views.finish, name="finish"),
    path("plain/<id:pk>/reopen/", views.reopen, name="reopen"),
    path("plain/<id:pk>/rename/", views.rename, name="rename"),
    path("plain/<id:pk>/delete/", views.delete, name="delete"),
]
