"""The Django app of the store's own process: its Celery application, and the commands about a whole installation."""

import importlib

from django.apps import AppConfig


class LocalConfig(AppConfig):
    name = "config.local"
    label = "local"

    def ready(self) -> None:
        """Make our Celery application the current one, so that `task.delay()` reaches our broker from every process."""
        importlib.import_module("config.celery")
