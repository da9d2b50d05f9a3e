"""What was agreed with an organization beside the catalog, to be read."""

from django.db.models import Q, QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import agreements, paging, references, schema
from billing.api.views import base
from billing.models import Terms, TermsKind, TermsState

TAG = "Agreements"
PLACE = references.path("agreement", "The agreement")
AgreementsOutput = paging.paged(agreements.AgreementOutput, "AgreementsOutput")


class AgreementsQuery(paging.PageQuery):
    kind = serializers.ChoiceField(choices=TermsKind.choices, required=False)
    state = serializers.ChoiceField(choices=agreements.AGREED_STATES, required=False)


class Agreements(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "agreements",
        "What was agreed beside the catalog, the newest first",
        schema.Answer(shape=AgreementsOutput, example={"data": [agreements.EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        description="Discounts, prices held, terms, days to pay, credit limits, seats and features that a person agreed to, "
        "each until a day; those that are over, too. What is only proposed is not told. They are changed by talking to us.",
        parameters=[AgreementsQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(AgreementsQuery)
        rows = _rows(self).filter(**{name: asked[name] for name in ("kind", "state") if name in asked})
        return base.answer(AgreementsOutput, paging.page(rows, asked, agreements.of_row, newest_first=True))


class AgreementView(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "agreement",
        "One agreement",
        schema.Answer(shape=agreements.AgreementOutput, example=agreements.EXAMPLE, name="Days to pay"),
        tag=TAG,
        parameters=[PLACE],
    )
    def get(self, request: Request, agreement: str) -> Response:
        wanted = references.parse(agreement, "agreement")
        row = _rows(self).filter(public_id=wanted.id).first()
        if row is None:
            raise Http404
        return base.answer(agreements.AgreementOutput, agreements.of_row(row))


def _rows(view: base.View) -> QuerySet[Terms]:
    """Approved ones, and of those that are over the ones that have held."""
    over = Q(state__in=(TermsState.ENDED, TermsState.ENDED_EARLY), began_at__isnull=False)
    rows = Terms.objects.filter(Q(state=TermsState.APPROVED) | over, organization=view.organization)
    return rows.select_related("line")
