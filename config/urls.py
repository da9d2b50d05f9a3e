"""Where every address leads. Each app names its own; this file only says under which prefix."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers.google.provider import GoogleProvider
from allauth.socialaccount.providers.microsoft.provider import MicrosoftGraphProvider
from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path

from config import brand, language
from config.admin import schedule

# Staff sign in on the store's own page, with its rate limits. Groups are made and filled by migrations.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign] # allauth's documented way
# An address, a second factor, a session and a connection are changed by their owner, who proves it.
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession, SocialAccount, SocialApp, SocialToken])
schedule.replace(admin.site)

handler404 = "config.problems.not_found"

urlpatterns = [
    path("", include("storefront.urls")),
    path("brand.<slug:digest>.css", brand.css, name="brand_css"),
    path("manifest.webmanifest", brand.manifest, name="manifest"),
    path("language/", language.choose, name="language"),
    path("", include("accounts.urls")),
    path("demo/mailbox/", include("config.mailbox.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path("account/connections/", include("allauth.socialaccount.urls")),
    path("account/", include(default_urlpatterns(GoogleProvider))),
    path("account/", include(default_urlpatterns(MicrosoftGraphProvider))),
    path("admin/", admin.site.urls),
    path("", include("billing.urls")),
    path("", include("offramps.urls")),
    path("api/v1/", include("billing.api.urls", namespace="v1")),
    path("ofrep/v1/", include("billing.api.ofrep_urls", namespace="ofrep")),
]
