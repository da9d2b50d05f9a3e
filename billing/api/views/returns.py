"""Coming back after the end: a cart with what one had."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, schema
from billing.api.problems import Problem
from billing.api.views import base, carts
from billing.queries import overview
from billing.services.selling import carts as cart_services
from billing.services.selling import returning
from config import clock


class Returns(base.View):
    required_scopes = [Scope.CARTS_WRITE]

    @schema.make(
        "come_back",
        "Fill a cart with what an ended subscription had",
        schema.Answer(shape=carts.CartDetailOutput, example=carts.DETAIL, status=201, name="Filled"),
        tag=carts.TAG,
        description="Its plan, or the one that is sold in its place, seats and add-ons, at what they are sold for now and "
        "without a second trial. Once it is bought, the members who had a seat get one again. Ids are as they were.",
        parameters=[inputs.LineQuery],
        refusals=[
            schema.problem("nothing-to-return-to", 409, "It goes on, or nothing like it is on sale. Fill a cart."),
            carts.LOCKED,
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        standing = overview.standing(self.organization, line=self.query(inputs.LineQuery).get("line", ""))
        if standing is None or standing.row.is_live:
            raise _nothing()
        try:
            cart = returning.fill(standing.row, origin=self.origin(), at=clock.now())
        except cart_services.CartError as error:
            raise _nothing() from error
        found = carts.rows(self).get(pk=cart.pk)
        return base.answer(carts.CartDetailOutput, carts.detail(found), status.HTTP_201_CREATED)


def _nothing() -> Problem:
    return Problem("nothing-to-return-to", _("It goes on, nothing was had, or nothing like it is on sale. Fill a cart."))
