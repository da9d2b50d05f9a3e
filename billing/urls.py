"""Stripe's door. The API's addresses are in billing.api.urls."""

from django.urls import path

from billing import webhook

urlpatterns = [path("webhooks/stripe/", webhook.receive, name="stripe_webhook")]
