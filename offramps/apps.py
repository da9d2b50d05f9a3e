"""The offramps app: when a human is worth it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OfframpsConfig(AppConfig):
    name = "offramps"
    verbose_name = _("Offramps")
