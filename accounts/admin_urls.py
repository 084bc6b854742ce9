"""The admin; the first request for one of its pages imports it, and with it each app's admin."""

from django.contrib import admin

admin.autodiscover()
urlpatterns = admin.site.get_urls()
