"""The vendor's staff groups, and how a migration gives one of them permissions.

Each app grants what concerns its own models, in a migration of its own:

    operations = [staff_groups.grant("billing", {"finance": ["view_invoice"]})]
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

SUPPORT, REP, MANAGER, CSM = "support", "rep", "manager", "csm"
FINANCE, REVENUE_OPERATIONS, MARKETING = "finance", "revenue_operations", "marketing"
GROUPS = (SUPPORT, REP, MANAGER, CSM, FINANCE, REVENUE_OPERATIONS, MARKETING)


def make() -> migrations.RunPython:
    """The operation that makes the groups."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        for name in GROUPS:
            apps.get_model("auth", "Group").objects.get_or_create(name=name)

    def backwards(apps: Any, schema_editor: Any) -> None:
        apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()

    return migrations.RunPython(forwards, backwards)


def grant(app_label: str, table: Mapping[str, Iterable[str]]) -> migrations.RunPython:
    """An operation that gives each group the permissions (codenames of `app_label`), and takes exactly these on the way back.

    The migration must depend on auth, contenttypes, the accounts migration that makes the groups, and the models' own.
    Raises LookupError for a codename that does not exist.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        _create_permissions(apps, app_label)
        for group, found in _named(apps, app_label, table):
            group.permissions.add(*found)

    def backwards(apps: Any, schema_editor: Any) -> None:
        for group, found in _named(apps, app_label, table):
            group.permissions.remove(*found)

    return migrations.RunPython(forwards, backwards)


def _named(apps: Any, app_label: str, table: Mapping[str, Iterable[str]]) -> Iterable[tuple[Any, list[Any]]]:
    for name, codenames in table.items():
        wanted = set(codenames)
        permissions = apps.get_model("auth", "Permission").objects
        found = list(permissions.filter(content_type__app_label=app_label, codename__in=wanted))
        if missing := wanted - {permission.codename for permission in found}:
            raise LookupError(f"{app_label} has no permission {', '.join(sorted(missing))}.")
        yield apps.get_model("auth", "Group").objects.get(name=name), found


def _create_permissions(apps: Any, app_label: str) -> None:
    # Django makes permissions after the last migration; this one needs them now. A historical app has no models module, and
    # create_permissions passes over an app without one.
    config = apps.get_app_config(app_label)
    module, config.models_module = getattr(config, "models_module", None), True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = module
