"""The URLs of the admin; its first request imports them and the admin module of each app."""

from django.contrib import admin

admin.autodiscover()
urlpatterns = admin.site.get_urls()
