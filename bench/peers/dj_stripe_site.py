"""A small Django project with dj-stripe as its documentation sets it up; runs in the peer's own virtual environment.

`prepare()` makes its tables, its account and its webhook endpoint; `application` is for granian.
Middleware as `startproject` writes it, connections as in the store (pooled and checked), Stripe at STRIPE_API_BASE.
"""

import os
import urllib.parse

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

ENDPOINT = "00000000-0000-4000-8000-000000000001"
ADDRESS = f"/stripe/webhook/{ENDPOINT}/"

_database = urllib.parse.urlsplit(os.environ["PEER_DATABASE_URL"])
settings.configure(
    SECRET_KEY="a-key-for-a-bench-that-guards-nothing-0123456789",  # noqa: S106 - as it says
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "djstripe",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _database.path.lstrip("/"),
            "USER": urllib.parse.unquote(_database.username or ""),
            "PASSWORD": urllib.parse.unquote(_database.password or ""),
            "HOST": _database.hostname or "",
            "PORT": str(_database.port or ""),
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"pool": {"min_size": 1, "max_size": 8, "timeout": 5}},
        }
    },
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "root": {"level": "WARNING"},
        # It says with a traceback that a product's features cannot be read: the sandbox has none.
        "loggers": {"djstripe": {"level": "CRITICAL"}},
    },
    STRIPE_API_HOST=os.environ["STRIPE_API_BASE"],
    STRIPE_API_VERSION=os.environ["PEER_STRIPE_VERSION"],
    STRIPE_TEST_SECRET_KEY=os.environ["STRIPE_SECRET_KEY"],
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
)
application = get_wsgi_application()
urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]  # its views need the applications


def prepare() -> None:
    """Tables, the account that owns the key (the sandbox has no /v1/account), and the endpoint with its secret."""
    from djstripe.models import Account, APIKey, WebhookEndpoint  # noqa: PLC0415 - needs the settings above

    call_command("migrate", verbosity=0, interactive=False)
    account = Account.objects.create(id="acct_bench", livemode=False)
    key, _made = APIKey.objects.get_or_create_by_api_key(os.environ["STRIPE_SECRET_KEY"])
    key.djstripe_owner_account = account
    key.save()
    WebhookEndpoint.objects.create(
        id="we_bench",
        livemode=False,
        djstripe_owner_account=account,
        djstripe_uuid=ENDPOINT,
        secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        enabled_events=["*"],
        status="enabled",
        url=f"http://127.0.0.1{ADDRESS}",
    )
