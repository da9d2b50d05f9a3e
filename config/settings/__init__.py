"""Settings: read from the environment (environment.py), one block a subject, production unless told otherwise."""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.settings import sign_in
from config.settings.api import REST_FRAMEWORK as REST_FRAMEWORK
from config.settings.api import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from config.settings.brand import BRAND, admin_colours
from config.settings.elsewhere import STORE_ELSEWHERE as STORE_ELSEWHERE
from config.settings.elsewhere import STORE_WITHOUT as STORE_WITHOUT
from config.settings.environment import MODE, ROOT, Mode, env, optional, required
from config.settings.viewing import VIEWING as VIEWING

DEMO = MODE is Mode.DEMO
TEST = MODE is Mode.TEST
PRODUCTION = MODE is Mode.PRODUCTION
DEBUG = False
SECRET_KEY = required("SECRET_KEY", env.str, "a-long-random-string-of-50-characters-or-more")
# Old keys that still open what they have signed or encrypted; leave one here until nothing rests on it any more.
SECRET_KEY_FALLBACKS: list[str] = optional("SECRET_KEY_FALLBACKS", env.list, [], "the-key-before")
STORE_URL = required("STORE_URL", env.str, "https://store.example.com").rstrip("/")
ALLOWED_HOSTS = optional(
    "ALLOWED_HOSTS", env.list, [STORE_URL.split("//")[-1].split(":")[0].split("/")[0]], "a.example,b.example"
)
CSRF_TRUSTED_ORIGINS = [STORE_URL]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "accounts",
    "billing",
    "telemetry",
    "offramps",
    "storefront",
    "config.local",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.microsoft",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_celery_beat",
    "csp",
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.logs.RequestMiddleware",
    "config.doors.DoorMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.OrganizationMiddleware",
    "accounts.sign_in_guard.SignInGuard",
    "accounts.viewing_guard.ViewingGuard",
]
# path -> view that programs call: answered without anything below config.doors.DoorMiddleware
DOORS = {
    "/webhooks/stripe/": "billing.webhook.receive",
    "/api/v1/entitlements": "billing.api.entitlement_door.answer",
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.store",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data -------------------------------------------------------------------------------------------------------------

DATABASES = {
    "default": required("DATABASE_URL", env.db_url, "postgres://user:password@localhost:5432/storefront")
    | {
        "ENGINE": "config.postgres",
        "CONN_MAX_AGE": 0,  # the pool below keeps the connections, config.postgres looks at each before its use
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": optional("DATABASE_POOL_SIZE", env.int, 8, "8"), "timeout": 5},
            # For the written-out statements of accounts.queries.rows alone: Django's own cursors prepare nothing. Switch it off
            # behind a pooler that shares connections by the transaction and does not know prepared statements.
            "prepare_threshold": 1 if optional("DATABASE_PREPARES", env.bool, True, "false") else None,
            "options": "-c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s",
        },
    }
}
REDIS_URL = required("REDIS_URL", env.str, "redis://:password@localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": optional("REDIS_PREFIX", env.str, "storefront", "storefront"),
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    }
}
STATE_FOLDER = Path(optional("STOREFRONT_STATE", env.str, str(ROOT / ".storefront"), "/var/lib/storefront"))

# --- People -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sign_in.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if TEST:  # a hash is meant to be slow, which is the subject of no test
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one counts once it is verified
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or address is told to its owner
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
# In the tests each case says its own (tests/accounts/test_rate_limits.py); everywhere else allauth's defaults are in force.
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = False if TEST else {}
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = int(timedelta(minutes=5).total_seconds())
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address or a password changes; second factors ask anyway
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(timedelta(minutes=15).total_seconds())
# docs/decisions/second-factors.md says why these, and what holds for staff.
MFA_RATE_LIMITS: dict[str, str] | bool = False if TEST else {}
MFA_ADAPTER = "accounts.second_factors.Adapter"
MFA_FORMS = {
    "authenticate": "accounts.second_factors.AuthenticateForm",
    "reauthenticate": "accounts.second_factors.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey alone signs in, so it must ask for a finger, a face or a PIN
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not STORE_URL.startswith("https://")
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = BRAND["name"]
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off; a code counts once all the same (accounts.second_factors)
MFA_TRUST_ENABLED = True
MFA_TRUST_COOKIE_AGE = timedelta(days=14)
STAFF_SECOND_FACTOR = optional("STAFF_SECOND_FACTOR", env.bool, PRODUCTION, "true")
SOCIALACCOUNT_ADAPTER = "accounts.social.Adapter"
SOCIALACCOUNT_PROVIDERS = sign_in.providers()
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True
SOCIALACCOUNT_ONLY = False
# Limits by address need the visitor's own: how many proxies in front of us write X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = optional("TRUSTED_PROXIES", env.int, 0, "1")
# Where an entry from the product (accounts.services.entries) may lead back to: origins, the product's own among them.
RETURN_ORIGINS = [BRAND["product_url"], *optional("RETURN_ORIGINS", env.list, [], "https://app.example,https://beta.example")]
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())

# --- Language, time and money -----------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["config.formats"]  # Django's own date formats, worded as config.words does
# Whoever keeps the store's time offset (seconds); asked by config.clock, refused by the owner under a live key.
CLOCK_OFFSET_SOURCE = "billing.queries.store_time.offset_seconds"

# --- Stripe -----------------------------------------------------------------------------------------------------------

STRIPE_SECRET_KEY = required("STRIPE_SECRET_KEY", env.str, "sk_test_...")
STRIPE_WEBHOOK_SECRET = optional("STRIPE_WEBHOOK_SECRET", env.str, "", "whsec_...")
STRIPE_API_BASE = optional("STRIPE_API_BASE", env.str, "", "http://127.0.0.1:12111")
STRIPE_SANDBOX = bool(STRIPE_API_BASE)
# Without a public address no webhook arrives: the events poller takes their place every 2 s instead of every 10 minutes.
STRIPE_POLL_EVENTS = optional("STRIPE_POLL_EVENTS", env.bool, False, "true")
# None: Stripe's own limits (100 a second live, 25 in test mode); 0: no limit.
STRIPE_REQUESTS_PER_SECOND = optional("STRIPE_REQUESTS_PER_SECOND", env.int, None, "25")
STRIPE_LOOKUP_PREFIX = optional("STRIPE_LOOKUP_PREFIX", env.str, "", "demo_")
CATALOG_FILE = ROOT / "catalog.toml"

# --- Background work --------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = optional("CELERY_QUEUE", env.str, "storefront", "storefront")
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0, "visibility_timeout": 300}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "config.heartbeat", "schedule": 15.0, "options": {"expires": 15.0}},
    # The pulse does these every 500 ms; the worker steps in while no pulse runs.
    "commands": {"task": "billing.drain_commands", "schedule": 30.0, "options": {"expires": 30.0}},
    "inbox": {"task": "billing.drain_inbox", "schedule": 30.0, "options": {"expires": 30.0}},
    "projections": {"task": "billing.drain_projections", "schedule": 30.0, "options": {"expires": 30.0}},
    "poller": {"task": "billing.poll_events", "schedule": 60.0, "options": {"expires": 60.0}},
    "failed-payments": {"task": "billing.sweep_failed_payments", "schedule": 300.0, "options": {"expires": 300.0}},
    "held-seats": {"task": "billing.expire_held_seats", "schedule": 300.0, "options": {"expires": 300.0}},
    "renewals": {"task": "billing.sweep_renewals", "schedule": 300.0, "options": {"expires": 300.0}},
    # Each a share of the nightly comparison with Stripe, which begins at billing.reconcile_hour.
    "reconciling": {"task": "billing.reconcile", "schedule": 150.0, "options": {"expires": 150.0}},
    "recoveries": {"task": "accounts.finish_recoveries", "schedule": 300.0, "options": {"expires": 300.0}},
    "viewings": {"task": "accounts.expire_viewings", "schedule": 300.0, "options": {"expires": 300.0}},
    "closures": {"task": "accounts.settle_closures", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "requests": {"task": "accounts.expire_requests", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "past-sessions": {"task": "accounts.forget_sessions", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "past-entries": {"task": "accounts.forget_entries", "schedule": 86400.0, "options": {"expires": 3600.0}},
    "webhooks": {"task": "accounts.drain_webhooks", "schedule": 30.0, "options": {"expires": 30.0}},
    "past-webhooks": {"task": "accounts.forget_webhooks", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "goodbyes": {"task": "accounts.forget_goodbyes", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "past-visits": {"task": "telemetry.forget_visits", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "idempotency-keys": {"task": "billing.purge_idempotency_keys", "schedule": 3600.0, "options": {"expires": 3600.0}},
}
PULSE_LANES = {  # name -> callable drain(now) -> (handled, next due instant or None); see config/pulse.py
    "commands": "billing.services.commands.drain",
    "inbox": "billing.services.inbox.drain",
    "windows": "billing.services.changes.windows.drain",
    "projections": "billing.services.books.projection.drain",
    "taxes": "billing.services.books.tax_standings.drain",
    "announcements": "billing.services.announcements.drain",
    "expansions": "billing.services.renewing.expansions.drain",
    "deals": "offramps.services.deal_sweep.drain",
    "cart-reminders": "offramps.services.cart_reminders.drain",
    "countdowns": "offramps.services.countdowns.drain",
    "detecting": "offramps.services.detecting.drain",
    "credit": "offramps.services.crediting.drain",
    "shifts": "offramps.services.shifts.drain",
    "chat": "offramps.services.chat.drain",
    "calendars": "offramps.services.calendars.drain",
    "poller": "billing.services.mirroring.poller.drain",
    "mail": "accounts.services.outbox.drain",
    "news": "billing.api.webhook_news.drain",
    "webhooks": "accounts.services.webhook_sending.drain",
}

# --- Numbers of the business --------------------------------------------------------------------------------------------

# Modules with DEFINITIONS of policies: defaults and bounds in code, values in force as rows (accounts.queries.policies).
POLICY_MODULES = [f"{name}.policies" for name in ("accounts.rules", "billing.rules", "telemetry.rules", "offramps.rules")] + [
    "offramps.rules.deal_policies",
    "billing.rules.renewal_policies",
    "billing.rules.dunning_policies",
    "billing.rules.invoice_policies",
    "billing.rules.leaving_policies",
    "billing.rules.paying_policies",
    "billing.rules.terms_policies",
    "billing.rules.exception_policies",
    "billing.rules.quote_policies",
    "billing.rules.sunset_policies",
]

# --- Outgoing webhooks --------------------------------------------------------------------------------------------------

# Ports of customers' servers that webhooks may be sent to; and whether, as a demo needs it, to this machine by plain HTTP.
WEBHOOK_PORTS = [int(port) for port in optional("WEBHOOK_PORTS", env.list, ["443", "8443"], "443,8443")]
# Where the demo's sample product listens; bin/demo says it.
SAMPLE_PRODUCT = optional("SAMPLE_PRODUCT", env.str, "", "http://127.0.0.1:8010")
WEBHOOK_LOOPBACK = optional("WEBHOOK_LOOPBACK", env.bool, not PRODUCTION, "false")

# --- Mail -------------------------------------------------------------------------------------------------------------

MAIL_FILES = {  # kind of mail -> who makes its attachments from its context; see accounts/services/rendering.py
    f"offramps/call_{name}": "offramps.services.call_entries.of_mail"
    for name in ("dated", "moved", "missed", "cancelled", "dated_staff", "not_needed_staff")
}
DEFAULT_FROM_EMAIL = optional(
    "DEFAULT_FROM_EMAIL", env.str, f"{BRAND['name']} <{BRAND['support_email']}>", "Store <store@a.example>"
)
EMAIL_TIMEOUT = 10
# For bounces and complaints (docs/mail.md). Without it /webhooks/mail/ is not there.
MAIL_WEBHOOK_SECRET = optional("MAIL_WEBHOOK_SECRET", env.str, "", "a-long-random-string")
if PRODUCTION:
    vars().update(required("EMAIL_URL", env.email_url, "smtp+tls://user:password@mail.example:587"))
elif env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "config.mailbox.backend.MailboxBackend" if DEMO else "django.core.mail.backends.locmem.EmailBackend"

# --- Static files -----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static-collected"
STATICFILES_DIRS = [ROOT / "static"]
# The tests serve what is in the tree; everywhere else collectstatic has been run.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = TEST
# Hashed names everywhere but in tests; compressed ones (24 s of Brotli) where somebody far away downloads them.
STATIC_STORAGE = {
    Mode.PRODUCTION: "config.static_files.HashedAndCompressed",
    Mode.DEMO: "config.static_files.Hashed",
    Mode.TEST: "django.contrib.staticfiles.storage.StaticFilesStorage",
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATIC_STORAGE[MODE]},
}

# --- Security ---------------------------------------------------------------------------------------------------------

SECURE_TRANSPORT = STORE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SECURE_TRANSPORT
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TRANSPORT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_TRANSPORT
SECURE_HSTS_PRELOAD = SECURE_TRANSPORT
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_TRANSPORT
SESSION_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
if optional("TRUST_FORWARDED_PROTO", env.bool, False, "true"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# docs/decisions/ says why the admin has a policy of its own (accounts.middleware sets it for /admin/).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, "https://checkout.stripe.com", "https://billing.stripe.com", "https://invoice.stripe.com"]
        + ([STRIPE_API_BASE] if STRIPE_SANDBOX else [])
        + sign_in.origins(),
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Admin ------------------------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": BRAND["name"],
    "SITE_HEADER": BRAND["name"],
    "SITE_URL": "/",
    "SITE_ICON": "config.admin.site.mark",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.admin.site.mark"}],
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": admin_colours()},
    "STYLES": [f"config.admin.site.{name}" for name in ("stylesheet", "overview_stylesheet", "acts_stylesheet")],
    "ENVIRONMENT": "config.admin.site.environment",
    "SIDEBAR": {"show_search": True, "navigation": "config.admin.site.navigation"},
    "DASHBOARD_CALLBACK": "offramps.admin.overview.dashboard",
}

# --- Logs -------------------------------------------------------------------------------------------------------------

LOG_FORMAT = optional("LOG_FORMAT", env.str, "json" if PRODUCTION else "console", "json")
LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"level": optional("LOG_LEVEL", env.str, "INFO", "INFO"), "format": LOG_FORMAT}
