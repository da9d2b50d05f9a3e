"""Rules to begin with, as drafts: they watch nothing until somebody has tried them on what was and puts them live."""

from typing import Any

from django.db import migrations
from django.utils import timezone

OURS = [{"fact": "is_competitor", "op": "is", "value": False}]
COMPANY = [{"fact": "is_free_mail", "op": "is", "value": False}, *OURS]
RULES: list[tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    ("Large cart", "purchase", [{"fact": "cart_year_minor", "op": "at_least", "value": 2_500_000}, *COMPANY], []),
    (
        "Large company, small purchase",
        "purchase",
        [{"fact": "cart_seats", "op": "at_least", "value": 1}, *COMPANY],
        [
            {"fact": "segment", "op": "one_of", "value": ["enterprise"]},
            {"fact": "is_named_account", "op": "is", "value": True},
        ],
    ),
    (
        "Large cart left alone",
        "purchase",
        [
            {"fact": "abandoned_hours", "op": "at_least", "value": 24},
            {"fact": "cart_year_minor", "op": "at_least", "value": 1_000_000},
            *COMPANY,
        ],
        [],
    ),
    ("Large payment declined", "payment", [{"fact": "declined_minor", "op": "at_least", "value": 200_000}], []),
    (
        "Several people look at the prices",
        "purchase",
        [
            {"fact": "pricing_people", "op": "at_least", "value": 3, "days": 14},
            {"fact": "employees", "op": "at_least", "value": 50},
            *COMPANY,
        ],
        [],
    ),
]


def write(apps: Any, schema_editor: Any) -> None:
    rules, versions = apps.get_model("offramps", "TriggerRule"), apps.get_model("offramps", "TriggerRuleVersion")
    now = timezone.now()
    for name, topic, every, some in RULES:
        rule, is_new = rules.objects.get_or_create(name=name, defaults={"topic": topic, "created_at": now})
        if is_new:
            versions.objects.create(rule=rule, number=1, conditions={"all": every, "any": some}, made_at=now)


def take_back(apps: Any, schema_editor: Any) -> None:
    """Drafts that nobody has put live go; what was live has leads."""
    versions = apps.get_model("offramps", "TriggerRuleVersion")
    used = versions.objects.exclude(state="draft").values("rule")
    apps.get_model("offramps", "TriggerRule").objects.filter(name__in=[rule[0] for rule in RULES]).exclude(pk__in=used).delete()


class Migration(migrations.Migration):
    dependencies = [("offramps", "0011_staff_may_write_rules")]

    operations = [migrations.RunPython(write, take_back)]
