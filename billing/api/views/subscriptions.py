"""All that an organization has and had, each under its own id or the vendor's."""

from typing import Any

from django.db import transaction
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outputs, paging, references, schema, words
from billing.api.views import base
from billing.models import Subscription
from billing.queries import overview
from billing.services import naming
from config import clock

TAG = "Subscription"
PLACE = references.path("subscription", "The subscription")
SubscriptionsOutput = paging.paged(outputs.SubscriptionOutput, "SubscriptionsOutput")


class Subscriptions(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "subscriptions",
        "What an organization has and had",
        schema.Answer(shape=SubscriptionsOutput, example={"data": [examples.SUBSCRIPTION], "next": None}, name="One"),
        tag=TAG,
        description="Live ones first, by product line; those never paid are left out. Six at most, so `next` is null.",
        parameters=[paging.PageQuery],
    )
    def get(self, request: Request) -> Response:
        self.query(paging.PageQuery)
        data = [words.subscription(standing, clock.now()) for standing in overview.standings(self.organization)]
        return base.answer(SubscriptionsOutput, {"data": data, "next": None})


class SubscriptionObject(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE]}

    @schema.read(
        "one_subscription",
        "One subscription",
        schema.Answer(shape=outputs.SubscriptionOutput, example=examples.SUBSCRIPTION),
        tag=TAG,
        parameters=[PLACE],
    )
    def get(self, request: Request, subscription: str) -> Response:
        return base.answer(outputs.SubscriptionOutput, self._told(subscription))

    @schema.change(
        "name_subscription",
        "Give a subscription your own id",
        schema.Answer(shape=outputs.SubscriptionOutput, example=examples.SUBSCRIPTION, name="Named"),
        tag=TAG,
        description="Stripe makes subscriptions, so they are named afterwards. Seats, discounts and the end have calls of "
        "their own.",
        parameters=[PLACE, schema.IF_MATCH],
        body=inputs.NameInput,
        bodies={"Yours": {"external_id": "contract-7"}},
        refusals=[schema.TAKEN, schema.CHANGED_SINCE],
    )
    @idempotency.honoured
    @transaction.atomic
    def patch(self, request: Request, subscription: str) -> Response:
        rows = Subscription.objects.locked().filter(organization=self.organization).select_related("organization")
        row = references.named(rows, subscription, "subscription", by="stripe_id")
        wanted = self.body(inputs.NameInput)["external_id"]
        self.check_match(outputs.SubscriptionOutput, self._told(row.stripe_id))
        naming.name(row, wanted, origin=self.origin(), at=clock.now())
        return base.answer(outputs.SubscriptionOutput, self._told(row.stripe_id))

    def _told(self, said: str) -> dict[str, Any]:
        """One query, of all there are."""
        asked = references.parse(said, "subscription")
        for standing in overview.standings(self.organization):
            row = standing.row
            if asked.external_id == row.external_id if asked.external_id else asked.id == row.stripe_id:
                return words.subscription(standing, clock.now())
        raise Http404
