"""The admin's URLs; the first request for one of its pages imports them and each app's admin."""

from django.contrib import admin

admin.autodiscover()
urlpatterns = admin.site.get_urls()
