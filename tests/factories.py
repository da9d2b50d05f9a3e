"""Rows for tests, with nothing said that a test does not care about. `tests/cast.py` makes people out of them."""

from datetime import UTC, datetime, timedelta

import factory
from django.utils import timezone
from factory import fuzzy
from factory.django import DjangoModelFactory

from accounts import models as accounts
from accounts.origin import Origin
from accounts.queries import policies
from accounts.rules import keys
from accounts.services import webhook_endpoints
from billing.models import Subscription
from config import clock

PASSWORD = "correct horse battery"
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def rule(name, value, segment=""):
    """Have a policy say `value`, whenever it is asked."""
    said = {"reason": "tests", "effective_at": FIRST, "created_at": FIRST}
    accounts.Policy.objects.create(name=name, value=value, segment=segment, **said)
    policies.forget()


class UserFactory(DjangoModelFactory):
    """A person with a verified address who signs in with PASSWORD."""

    class Meta:
        model = accounts.User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@acme.example")
    name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class, **kwargs):
        return model_class.objects.create_user(kwargs.pop("email"), kwargs.pop("password", None), **kwargs)

    @factory.post_generation
    def verified(self, create, extracted, **kwargs):
        if extracted is not False:
            self.emailaddress_set.create(email=self.email, verified=True, primary=True)


class OrganizationFactory(DjangoModelFactory):
    class Meta:
        model = accounts.Organization
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Organization {n}")
    domain = factory.Sequence(lambda n: f"organization{n}.example")
    country = "DE"
    employee_bracket = accounts.EmployeeBracket.B10
    region = accounts.Region.EUROPE
    time_zone = "Europe/Berlin"

    @factory.post_generation
    def with_profile(self, create, extracted, **kwargs):
        if extracted is not False:
            values = {"segment": accounts.Segment.SMB, "segment_reason": "by the factory"} | kwargs
            accounts.OrganizationProfile.objects.create(organization=self, **values)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = accounts.Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    role = accounts.Role.MEMBER


class InvitationFactory(DjangoModelFactory):
    """An open invitation; the link's token is in `.token` of the row made."""

    class Meta:
        model = accounts.Invitation

    organization = factory.SubFactory(OrganizationFactory)
    email = factory.Sequence(lambda n: f"invited{n}@acme.example")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        token = keys.new_token()
        made = super()._create(model_class, *args, token_hash=keys.digest(token), **kwargs)
        made.token = token
        return made


class ApiKeyFactory(DjangoModelFactory):
    """A vendor key with every scope, or an organization's if one is given; its full text is in `.text` of the row made."""

    class Meta:
        model = accounts.ApiKey

    organization = None
    kind = factory.LazyAttribute(
        lambda made: accounts.ApiKeyKind.ORGANIZATION if made.organization else accounts.ApiKeyKind.VENDOR
    )
    name = fuzzy.FuzzyChoice(["Product", "Warehouse", "Back office"])
    scopes = factory.LazyFunction(lambda: list(accounts.Scope.values))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        parts, text = keys.new_key()
        made = super()._create(model_class, *args, prefix=parts.prefix, secret_hash=keys.digest(parts.secret), **kwargs)
        made.text = text
        return made


class SubscriptionFactory(DjangoModelFactory):
    """One that runs here and not at Stripe: for pages. Give it its organization and its price."""

    class Meta:
        model = Subscription

    line = factory.SelfAttribute("price.plan.line")
    plan = factory.SelfAttribute("price.plan")
    stripe_id = factory.Sequence(lambda n: f"sub_{n + 1}")
    stripe_item_id = factory.Sequence(lambda n: f"si_{n + 1}")
    status = "active"
    quantity = 3
    currency = factory.SelfAttribute("price.currency")
    started_at = factory.LazyFunction(clock.now)
    period_starts_at = factory.SelfAttribute("started_at")
    period_ends_at = factory.LazyAttribute(lambda made: made.period_starts_at + timedelta(days=30))


def webhook_endpoint(organization, **options):
    """An endpoint on this very machine, where nobody listens; its secret is in `.secret`."""
    said = {"url": "http://127.0.0.1:9/hooks", "types": [], "origin": Origin.system(), "at": clock.now()} | options
    endpoint, secret = webhook_endpoints.create(organization=organization, **said)
    endpoint.secret = secret
    return endpoint
