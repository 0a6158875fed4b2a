"""All pages."""

from django.contrib import admin
from django.urls import include, path

from meetings.api.v1 import api, stt

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("v1/stt/", stt.urls),
    path("", include("meetings.urls")),
]
handler500 = "meetings.views.errors.server_error"
