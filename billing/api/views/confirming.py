"""Confirming a preview of seats, of an add-on or of a plan: once a key and an external id, for exactly the amount agreed to."""

import functools
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services import naming
from billing.api import idempotency, inputs, outputs, problems, references, words
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import ChangeState, SeatChange, Subscription
from billing.queries import decline_words
from billing.services.changes import seats
from config import clock


class ConfirmingView(base.View, ABC):
    """A POST that makes a change: by a preview's token, or by what is wanted with the amount that the caller expects."""

    about: ClassVar[str]
    """What its changes are about: "seats", "addon" or "plan"."""

    @abstractmethod
    def offered(self, row: Subscription, asked: dict[str, Any], nonce: str = "") -> seats.Offer:
        """What is wanted, at the price of now; `nonce` names the change to be."""

    @abstractmethod
    def confirmed(self, row: Subscription, token: str, asked: dict[str, Any], at: datetime) -> SeatChange:
        """The change that the token stands for. Raises what seats.confirm raises."""

    def confirm(self, request: Request, asked: dict[str, Any]) -> Response:
        """201 or 202 of the change that was made, 200 of one that was there; a decline and a stale price are problems."""
        at, nonce = clock.now(), idempotency.nonce(request)
        known = rows(self).filter(nonce=nonce).first()
        if known is not None:
            return answer(known)
        make = functools.partial(self._change, asked, nonce, at)
        change, is_new = references.made_once(rows(self), asked.get("external_id"), make, at=at)
        if _about(change) != self.about:
            raise naming.Taken(asked.get("external_id"))
        if change.external_id != asked.get("external_id"):  # the token was confirmed before, without it or under another
            naming.name_once(change, asked.get("external_id"), organization=self.organization, origin=self.origin(), at=at)
        is_asked = is_new or "external_id" not in asked
        return answer(change) if is_asked else base.answer(outputs.SeatChangeOutput, words.seat_change(change))

    def _change(self, asked: dict[str, Any], nonce: str, at: datetime) -> SeatChange:
        row = self._meant(asked.get("token", ""))
        token = asked.get("token") or self._agreed(row, asked, nonce)
        try:
            return self.confirmed(row, token, asked, at)
        except seats.Stale as stale:
            fresh = {"preview": outputs.PreviewOutput(words.offer(stale.fresh)).data} if stale.fresh else {}
            raise problems.with_more(stale, **fresh) from stale

    def _meant(self, token: str) -> Subscription:
        """That of the token, unless a line is named; without a token the one there is."""
        is_named = "line" in self.query(inputs.LineQuery)
        found = seats.of_token(self.organization, token) if token and not is_named else None
        return found or self.current()

    def _agreed(self, row: Subscription, asked: dict[str, Any], nonce: str) -> str:
        offered, expected_minor = self.offered(row, asked, nonce), asked["expected_due_now_minor"]
        due = offered.preview.due_now_minor
        if due != expected_minor:
            fresh = outputs.PreviewOutput(words.offer(self.offered(row, asked))).data
            raise problems.amount_differs(due, expected_minor, preview=fresh)
        return offered.token


def _about(change: SeatChange) -> str:
    if change.price_after_id is not None:
        return "plan"
    return "seats" if change.addon_price_id is None else "addon"


def answer(change: SeatChange) -> Response:
    """201: made; 202: the payment waits for a person, or the provider has not answered. A decline is a problem."""
    said = outputs.SeatChangeOutput(words.seat_change(change)).data
    if change.state == ChangeState.DECLINED:
        detail = decline_words.said(change.message) or _("The card was declined. Nothing was charged.")
        raise Problem("payment-declined", detail, status_code=status.HTTP_402_PAYMENT_REQUIRED, change=said)
    if change.state == ChangeState.FAILED:
        raise problems.provider_refused(change=said)
    under_way = change.state in (ChangeState.SENDING, ChangeState.WAITING)
    return Response(said, status=status.HTTP_202_ACCEPTED if under_way else status.HTTP_201_CREATED)


def rows(view: base.View) -> QuerySet[SeatChange]:
    """The organization's changes, of seats, add-ons and plans."""
    found = SeatChange.objects.filter(subscription__organization=view.organization)
    return found.select_related("subscription__organization", "addon_price__addon", "price_after__plan__line")
