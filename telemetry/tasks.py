"""Periodic work of telemetry."""

from celery import shared_task

from config import clock
from telemetry.services import visits


@shared_task(name="telemetry.forget_visits")
def forget_visits() -> int:
    """Drop visits that are older than they are kept."""
    return visits.forget_past(clock.now())
