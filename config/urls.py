"""Where every address leads. Each app names its own; this file only says under which prefix."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("storefront.urls")),
    path("account/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
