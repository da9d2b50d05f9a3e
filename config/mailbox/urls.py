"""Addresses below /demo/mailbox/."""

from django.urls import path

from config.mailbox import views

urlpatterns = [
    path("", views.listing, name="mailbox"),
    path("<slug:name>/", views.mail, name="mailbox_mail"),
    path("<slug:name>/html/", views.html, name="mailbox_html"),
]
