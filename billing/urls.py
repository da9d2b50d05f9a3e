"""Stripe's door, and what the API says of itself. The API's own addresses are in billing.api.urls."""

from django.urls import path
from drf_spectacular.views import SpectacularSwaggerSplitView

from billing import webhook
from billing.api import description

urlpatterns = [
    path("webhooks/stripe/", webhook.receive, name="stripe_webhook"),
    path("api/schema/", description.Description.as_view(), name="api_schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
]
