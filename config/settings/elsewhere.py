"""What the vendor's product does itself: docs/switches.md."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.environment import env, optional

STORE_WITHOUT: list[str] = optional("STORE_WITHOUT", env.list, [], "invitations,team,cancel")
STORE_ELSEWHERE = {
    name: optional(f"STORE_ELSEWHERE_{name.upper()}", env.str, "", "https://app.example/settings/team")
    for name in ("invitations", "team", "cancel")
}
if unknown := set(STORE_WITHOUT) - set(STORE_ELSEWHERE):
    raise ImproperlyConfigured(f"STORE_WITHOUT names {sorted(unknown)}; it takes {', '.join(STORE_ELSEWHERE)}.")
