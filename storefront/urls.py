"""The buyer's addresses. Names are in docs/house.md; nouns, with the verb in the method."""

from django.urls import URLPattern

app_name = "storefront"

urlpatterns: list[URLPattern] = []
