"""The addresses of accounts itself; the rest of signing in is allauth's, and pages are the storefront's."""

from django.urls import URLPattern, path

from accounts import views

urlpatterns: list[URLPattern] = [
    path("language/set/", views.set_language, name="set_language"),
    path("viewing/", views.viewing_page, name="viewing"),
    path("viewing/end/", views.viewing_end, name="viewing_end"),
    path("recovery/<str:token>/", views.recovery_objection, name="recovery_objection"),
]
