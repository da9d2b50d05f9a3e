"""What Celery's beat does when, to look at: the schedule is settings.CELERY_BEAT_SCHEDULE, and an edit here would not outlive
the next start. So the app's own pages, with their inline scripts and free choice of tasks, are not offered.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.decorators import display

from config.admin.pages import ReadOnly


class PeriodicTaskAdmin(ReadOnly):
    list_display = ("name", "what", "rhythm", "enabled", "last_run_at", "total_run_count")
    list_select_related = ("interval", "crontab", "solar", "clocked")
    search_fields = ("name", "task")
    ordering = ("name",)
    fields = ("name", "what", "rhythm", "enabled", "last_run_at", "total_run_count", "expire_seconds", "description")
    readonly_fields = ("what", "rhythm")

    @display(description=_("Task"), ordering="task")
    def what(self, task: PeriodicTask) -> str:
        return str(task.task)

    @display(description=_("Rhythm"))
    def rhythm(self, task: PeriodicTask) -> str:
        return str(task.scheduler)


def replace(site: admin.AdminSite) -> None:
    """Take django-celery-beat's own pages out of the admin and show its tasks by the page above."""
    site.unregister([ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule])
    site.register(PeriodicTask, PeriodicTaskAdmin)
