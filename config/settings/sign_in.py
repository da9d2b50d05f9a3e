"""Who may vouch for a person: Google and Microsoft, each when the environment names an application registered with it."""

from typing import Any

from config.settings.environment import env, optional

GOOGLE_CLIENT_ID = optional("GOOGLE_CLIENT_ID", env.str, "", "123-abc.apps.googleusercontent.com")
GOOGLE_CLIENT_SECRET = optional("GOOGLE_CLIENT_SECRET", env.str, "", "GOCSPX-...")
MICROSOFT_CLIENT_ID = optional("MICROSOFT_CLIENT_ID", env.str, "", "00000000-0000-0000-0000-000000000000")
MICROSOFT_CLIENT_SECRET = optional("MICROSOFT_CLIENT_SECRET", env.str, "", "...")
# "organizations": work and school accounts; "common": personal ones too; or one tenant's id.
MICROSOFT_TENANT = optional("MICROSOFT_TENANT", env.str, "organizations", "organizations")


def providers() -> dict[str, Any]:
    """allauth's SOCIALACCOUNT_PROVIDERS. A provider without both values has no application, and so no button."""
    return {
        "google": {
            "APPS": _apps(GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET),
            "SCOPE": ["profile", "email"],
            "OAUTH_PKCE_ENABLED": True,
        },
        "microsoft": {
            "APPS": _apps(MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET, tenant=MICROSOFT_TENANT),
            "SCOPE": ["User.Read"],
            "OAUTH_PKCE_ENABLED": True,
        },
    }


def origins() -> list[str]:
    """Where the sign-in buttons' forms lead, for the content security policy."""
    found = [("https://accounts.google.com", GOOGLE_CLIENT_ID), ("https://login.microsoftonline.com", MICROSOFT_CLIENT_ID)]
    return [origin for origin, client_id in found if client_id]


def _apps(client_id: str, secret: str, **settings: Any) -> list[dict[str, Any]]:
    return [{"client_id": client_id, "secret": secret, "settings": settings}] if client_id and secret else []
