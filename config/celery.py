"""The Celery application. Tasks inherit the request id of whoever sent them; a heartbeat says that beat and a worker live.

No promise in seconds rests on it: the pulse does what must happen (config/pulse.py).
"""

import os
import warnings
from typing import Any

import structlog
from celery import Celery, signals
from django.conf import settings

from config import health, logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("storefront")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
if settings.DEMO:  # somebody who tries the demo as root has a reason; in production the warning stands
    warnings.filterwarnings("ignore", message=r"\s*You're running the worker with superuser privileges")

HEADER = "request_id"


@app.task(name="config.heartbeat")
def heartbeat() -> None:
    health.beat("worker")


@signals.before_task_publish.connect
def _send_request_id(headers: dict[str, Any], **_kwargs: Any) -> None:
    headers.setdefault(HEADER, logs.request_id())


@signals.task_prerun.connect
def _bind_request_id(task_id: str, task: Any, **_kwargs: Any) -> None:
    structlog.contextvars.clear_contextvars()
    inherited = getattr(task.request, HEADER, None) or task_id
    structlog.contextvars.bind_contextvars(request_id=inherited, task=task.name)


@signals.task_postrun.connect
def _unbind_request_id(**_kwargs: Any) -> None:
    structlog.contextvars.clear_contextvars()


@signals.setup_logging.connect
def _keep_our_logging(**_kwargs: Any) -> None:
    """Connected so that Celery leaves logging as Django's settings set it up."""
