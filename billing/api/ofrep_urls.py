"""The addresses of the OpenFeature Remote Evaluation Protocol, which says them."""

from django.urls import path

from billing.api.views import ofrep

app_name = "ofrep"

urlpatterns = [
    path("evaluate/flags", ofrep.Flags.as_view(), name="flags"),
    path("evaluate/flags/<str:key>", ofrep.Flag.as_view(), name="flag"),
]
