"""What people ask of those who decide: to join the organization, and for a seat. Listed and decided; a seat also asked for."""

import functools
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import JoinRequest, RequestState, Scope, SeatRequest
from accounts.models.requests import LONGEST_WORD
from accounts.services import asking, joining, seat_requests
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.problems import Problem
from billing.api.views import base, objects
from billing.services import people
from config import clock

TAG = "Requests"
PLACE = references.path("asked", "The request")
DECISIONS = [("approve", "approve"), ("decline", "decline")]
STATES = [(state.value, state.value) for state in RequestState]


class DecisionInput(inputs.Strict):
    decision = serializers.ChoiceField(choices=DECISIONS)
    answer = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_WORD, help_text="A word with a no; goes into the mail."
    )


class SeatRequestInput(inputs.Strict):
    member = references.MemberField(help_text="Who asks: id, or `external:` and your own id of the person.")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_WORD)
    external_id = references.ExternalIdField(required=False)


class RequestsQuery(paging.PageQuery):
    state = serializers.ChoiceField(choices=STATES, required=False)


class RequestOutput(outputs.Output):
    id = serializers.IntegerField()
    external_id = outputs.external_id()
    state = serializers.ChoiceField(choices=STATES)
    name = serializers.CharField()
    email = serializers.CharField()
    person_external_id = serializers.CharField(allow_null=True, help_text="Your own id of the person.")
    reason = serializers.CharField(help_text="In the words of whoever asks.")
    answer = serializers.CharField(help_text="In the words of whoever declined.")
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class SeatRequestOutput(RequestOutput):
    member = serializers.IntegerField()


RequestsOutput = paging.paged(RequestOutput, "JoinRequestsOutput")
SeatRequestsOutput = paging.paged(SeatRequestOutput, "SeatRequestsOutput")
EXAMPLE: dict[str, Any] = {
    "id": 29,
    "external_id": None,
    "state": "open",
    "name": "Nele New",
    "email": "nele@acme.example",
    "person_external_id": None,
    "reason": "I start on Monday.",
    "answer": "",
    "asked_at": "2026-03-12T09:30:00Z",
    "expires_at": "2026-03-26T09:30:00Z",
    "ended_at": None,
}
NAMED = EXAMPLE | {"external_id": "ours-7"}
SEAT = EXAMPLE | {"member": 4711, "external_id": "ask-12", "person_external_id": "u-93"}
DECIDED = {"state": "approved", "ended_at": "2026-03-12T10:00:00Z"}
DECLINE = {"decision": "decline", "answer": "Ask again in May."}
ANSWERED = schema.problem("request-answered", 409, "It has been answered meanwhile, or has run out.")
TOO_OFTEN = schema.problem("asked-too-often", 429, "You have asked often today. Try again tomorrow.")
HAS_SEAT = schema.problem("has-seat", 409, "This member has a seat already.")


class _List(base.View):
    """The requests of an organization, the newest first."""

    required_scopes: ClassVar[Any] = [Scope.MEMBERS_READ]

    def page(self, rows: QuerySet[Any]) -> dict[str, Any]:
        asked, now = self.query(RequestsQuery), clock.now()
        late = Q(state=RequestState.OPEN, expires_at__lte=now)
        if asked.get("state") == RequestState.EXPIRED:
            rows = rows.filter(late | Q(state=RequestState.EXPIRED))
        elif "state" in asked:
            rows = rows.filter(state=asked["state"]).exclude(late)
        return paging.page(rows, asked, lambda row: plain(row, now), newest_first=True)


class JoinRequests(_List):
    @schema.read(
        "join_requests",
        "Who asks to join, the newest first",
        schema.Answer(shape=RequestsOutput, example={"data": [EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        description="People with a proven address of the organization's domain. They ask in the store, in person.",
        parameters=[RequestsQuery],
    )
    def get(self, request: Request) -> Response:
        return base.answer(RequestsOutput, self.page(_joins(self)))


@extend_schema_view(
    get=schema.read(
        "join_request", "One request", schema.Answer(shape=RequestOutput, example=EXAMPLE), tag=TAG, parameters=[PLACE]
    ),
    patch=objects.naming_once(
        "name_join_request", "a request", schema.Answer(shape=RequestOutput, example=NAMED), tag=TAG, place=PLACE
    ),
)
class JoinRequestView(objects.NamingView[JoinRequest]):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "PATCH": [Scope.MEMBERS_WRITE]}
    shape, place, by = RequestOutput, "asked", "pk"

    def rows(self) -> QuerySet[JoinRequest]:
        return _joins(self)

    def plain(self, row: JoinRequest) -> dict[str, Any]:
        return plain(row, clock.now())


class JoinDecisions(base.View):
    required_scopes = [Scope.MEMBERS_WRITE]

    @schema.make(
        "decide_join_request",
        "Let somebody in, or not",
        schema.Answer(shape=RequestOutput, example=EXAMPLE | DECIDED, status=201, name="Approved"),
        tag=TAG,
        description="In means a member, without a seat. The person hears of it by mail, but not who decided.",
        parameters=[PLACE],
        body=DecisionInput,
        bodies={"Yes": {"decision": "approve"}, "No": DECLINE},
        refusals=[ANSWERED],
    )
    @idempotency.once
    def post(self, request: Request, asked: str) -> Response:
        said, at = self.body(DecisionInput), clock.now()
        row = references.named(_joins(self), str(asked), "asked", by="pk")
        if said["decision"] == "approve":
            joining.approve(request=row, origin=self.origin(), at=at)
        else:
            joining.decline(request=row, answer=said.get("answer", ""), origin=self.origin(), at=at)
        return base.answer(RequestOutput, plain(row, at), status.HTTP_201_CREATED)


class SeatRequests(_List):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "POST": [Scope.MEMBERS_WRITE]}
    needs_vendor_key = ("POST",)

    @schema.read(
        "seat_requests",
        "Who asks for a seat, the newest first",
        schema.Answer(shape=SeatRequestsOutput, example={"data": [SEAT], "next": None}, name="One"),
        tag=TAG,
        parameters=[RequestsQuery],
    )
    def get(self, request: Request) -> Response:
        return base.answer(SeatRequestsOutput, self.page(_seats(self)))

    @schema.make(
        "create_seat_request",
        "Ask for a seat, for a member",
        schema.Answer(shape=SeatRequestOutput, example=SEAT, status=201, name="Asked"),
        schema.Answer(
            shape=SeatRequestOutput,
            example=SEAT,
            name="Was there",
            description=schema.EITHER_WAS_THERE,
        ),
        tag=TAG,
        description="Vendor keys only: the store takes your word for who asks. Those who may change seats get a mail.",
        body=SeatRequestInput,
        bodies={"Mia": {"member": "external:u-93", "reason": "I write the reports now.", "external_id": "ask-12"}},
        refusals=[HAS_SEAT, schema.NOT_A_MEMBER, TOO_OFTEN, schema.TAKEN, schema.BY_VENDOR],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(SeatRequestInput), clock.now()
        external_id = asked.get("external_id")
        ask = functools.partial(self._ask, asked, external_id, at)
        row, _is_new = references.made_once(_seats(self), external_id, ask, at=at, began="asked_at")
        return base.made(SeatRequestOutput, plain(row, at), is_new=row.asked_at == at)

    def _ask(self, asked: dict[str, Any], external_id: str | None, at: datetime) -> SeatRequest:
        member = references.one_of(references.rows(self.organization), asked["member"])
        if member is None:
            raise references.unknown([asked["member"]], "/member")
        if people.has_seat(member):
            raise Problem("has-seat", _("This member has a seat already."))
        said: dict[str, Any] = {"reason": asked.get("reason", ""), "external_id": external_id}
        return seat_requests.ask(membership=member, **said, origin=self.origin(), at=at)


@extend_schema_view(
    get=schema.read(
        "seat_request", "One request", schema.Answer(shape=SeatRequestOutput, example=SEAT), tag=TAG, parameters=[PLACE]
    ),
    patch=objects.naming_once(
        "name_seat_request", "a request", schema.Answer(shape=SeatRequestOutput, example=SEAT), tag=TAG, place=PLACE
    ),
    delete=schema.change(
        "withdraw_seat_request",
        "Take a request back, for the member",
        schema.Answer(shape=SeatRequestOutput, example=SEAT | DECIDED | {"state": "withdrawn"}, name="Withdrawn"),
        tag=TAG,
        description="Vendor keys only. Twice is no error; one that was answered stays as it is.",
        parameters=[PLACE],
        refusals=[schema.BY_VENDOR],
    ),
)
class SeatRequestView(objects.NamingView[SeatRequest], objects.EndingView[SeatRequest]):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "PATCH": [Scope.MEMBERS_WRITE], "DELETE": [Scope.MEMBERS_WRITE]}
    needs_vendor_key = ("DELETE",)
    shape, place, by = SeatRequestOutput, "asked", "pk"

    def rows(self) -> QuerySet[SeatRequest]:
        return _seats(self)

    def plain(self, row: SeatRequest) -> dict[str, Any]:
        return plain(row, clock.now())

    def end(self, row: SeatRequest) -> None:
        if row.state == RequestState.OPEN:
            seat_requests.withdraw(membership=row.membership, origin=self.origin(), at=clock.now())


class SeatDecisions(base.View):
    required_scopes = [Scope.MEMBERS_WRITE]

    @schema.make(
        "decide_seat_request",
        "Give the member a free seat, or decline",
        schema.Answer(shape=SeatRequestOutput, example=SEAT | DECIDED, status=201, name="Approved"),
        tag=TAG,
        description="A yes takes a seat that is free. If none is, buy one more and name the member in `members`: that approves "
        "the request too.",
        parameters=[PLACE, inputs.LineQuery],
        body=DecisionInput,
        bodies={"Yes": {"decision": "approve"}, "No": DECLINE},
        refusals=[ANSWERED, schema.NO_FREE_SEAT, schema.NOT_ACTIVE],
    )
    @idempotency.once
    def post(self, request: Request, asked: str) -> Response:
        said, at = self.body(DecisionInput), clock.now()
        row = references.named(_seats(self), str(asked), "asked", by="pk")
        if said["decision"] == "approve":
            self._approve(row, at)
        else:
            seat_requests.decline(request=row, answer=said.get("answer", ""), origin=self.origin(), at=at)
        row.refresh_from_db(fields=["state", "ended_at", "answer"])
        return base.answer(SeatRequestOutput, plain(row, at), status.HTTP_201_CREATED)

    def _approve(self, row: SeatRequest, at: datetime) -> None:
        if row.state != RequestState.OPEN or row.expires_at <= at:
            raise asking.Answered
        try:
            people.assign(subscription=self.current(), membership_ids=[row.membership_id], origin=self.origin(), at=at)
        except people.NotAMember:
            raise asking.Answered from None


def _joins(view: base.View) -> QuerySet[JoinRequest]:
    return JoinRequest.objects.filter(organization=view.organization).select_related("user", "organization")


def _seats(view: base.View) -> QuerySet[SeatRequest]:
    rows = SeatRequest.objects.filter(organization=view.organization)
    return rows.select_related("membership__user", "membership__organization")


def plain(row: JoinRequest | SeatRequest, now: datetime) -> dict[str, Any]:
    """An open one past its term counts as run out."""
    is_late = row.state == RequestState.OPEN and row.expires_at <= now
    if isinstance(row, JoinRequest):
        person, more = row.user, dict[str, Any](email=row.email)
    else:
        person, more = row.membership.user, {"email": row.membership.user.email, "member": row.membership_id}
    return {
        "id": row.pk,
        "state": RequestState.EXPIRED if is_late else row.state,
        "name": person.name,
        "person_external_id": person.external_id,
        **more,
        **words.named(row, ("external_id", "reason", "answer", "asked_at", "expires_at", "ended_at")),
    }
