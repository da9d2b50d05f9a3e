"""A new owner when the old one is gone: two staff members, a proof, 72 hours, and one click to stop it."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Journal, Membership, OutgoingMail, OwnerRecovery, RecoveryState, Role
from accounts.origin import Origin
from accounts.services import memberships, recoveries
from config import clock

pytestmark = pytest.mark.django_db
PROOF = "Commercial register of 1 March names Mia Member as managing director; ticket 4711."
DAY = timedelta(days=1)


@pytest.fixture
def staff(cast):
    return Origin(actor=cast.staff_member("support")), Origin(actor=cast.staff_member("manager"))


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture
def asked(cast, staff, now):
    return recoveries.request(membership=cast.membership(cast.member), proof=PROOF, origin=staff[0], at=now)


@pytest.fixture
def announced(asked, staff, now):
    return recoveries.approve(case=asked, origin=staff[1], at=now)


def roles(organization):
    return {
        row.user.email: row.role for row in Membership.objects.live().filter(organization=organization).select_related("user")
    }


def test_nothing_happens_by_one_persons_will(asked, cast, staff, now):
    assert asked.state == RecoveryState.REQUESTED
    with pytest.raises(recoveries.NotTwoPeople):
        recoveries.approve(case=asked, origin=staff[0], at=now)
    with pytest.raises(recoveries.NotTwoPeople):
        recoveries.approve(case=asked, origin=Origin(actor=cast.stranger), at=now)
    assert recoveries.finish_due(now + 30 * DAY) == 0
    assert not OutgoingMail.objects.exists()
    assert roles(cast.acme)["owner@acme.example"] == Role.OWNER


def test_the_database_holds_it_too(asked, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        OwnerRecovery.objects.filter(pk=asked.pk).update(
            state="notice", decided_by=asked.requested_by_id, decided_at=now, due_at=now
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        OwnerRecovery.objects.filter(pk=asked.pk).update(state="done")


@pytest.mark.parametrize("proof", ["", "he is gone", " " * 80])
def test_a_proof_is_needed(cast, staff, now, proof):
    with pytest.raises(ValidationError, match="few sentences"):
        recoveries.request(membership=cast.membership(cast.member), proof=proof, origin=staff[0], at=now)


def test_one_case_at_a_time_and_only_members_who_are_not_owners(asked, cast, staff, now):
    with pytest.raises(ValidationError, match="open"):
        recoveries.request(membership=cast.membership(cast.billing_admin), proof=PROOF, origin=staff[0], at=now)
    with pytest.raises(ValidationError, match="owner already"):
        recoveries.request(membership=cast.membership(cast.stranger), proof=PROOF, origin=staff[0], at=now)


def test_all_members_and_the_owner_are_told_with_a_link_of_their_own(announced, cast, now):
    mails = OutgoingMail.objects.filter(kind="accounts/recovery_notice")
    assert set(mails.values_list("recipient", flat=True)) == {
        "owner@acme.example",
        "billing@acme.example",
        "member@acme.example",
    }
    assert len({str(mail.context["secret"]["url"]) for mail in mails}) == 3
    assert announced.due_at == now + 3 * DAY


def test_it_moves_after_72_hours_and_not_a_second_before(announced, cast, now):
    assert recoveries.finish_due(now + 3 * DAY - timedelta(seconds=1)) == 0
    assert roles(cast.acme)["owner@acme.example"] == Role.OWNER
    assert recoveries.finish_due(now + 3 * DAY) == 1
    assert recoveries.finish_due(now + 3 * DAY) == 0
    assert roles(cast.acme) == {
        "owner@acme.example": Role.MEMBER,
        "billing@acme.example": Role.BILLING_ADMIN,
        "member@acme.example": Role.OWNER,
    }
    kinds = list(Journal.objects.filter(kind__startswith="accounts.recovery").order_by("id").values_list("kind", flat=True))
    assert kinds == ["accounts.recovery.requested", "accounts.recovery.approved", "accounts.recovery.finished"]
    assert OutgoingMail.objects.filter(kind="accounts/recovery_finished").count() == 3


def test_any_member_stops_it_by_the_link_without_signing_in(announced, cast, client, now):
    url = reverse("recovery_objection", args=[recoveries.token(announced, cast.owner)])
    page = client.get(url).content.decode()
    assert "I object" in page
    assert "(Berlin time)" in page  # as the mail says it
    announced.refresh_from_db()
    assert announced.state == RecoveryState.NOTICE  # looking is not objecting: mail scanners follow links
    assert "It is stopped" in client.post(url).content.decode()
    announced.refresh_from_db()
    assert (announced.state, announced.objected_by) == (RecoveryState.OBJECTED, cast.owner)
    assert recoveries.finish_due(now + 30 * DAY) == 0
    assert roles(cast.acme)["owner@acme.example"] == Role.OWNER
    assert OutgoingMail.objects.filter(kind="accounts/recovery_objected").count() == 2


def test_a_forged_link_or_one_of_somebody_who_left_opens_nothing(announced, cast, client):
    assert client.get(reverse("recovery_objection", args=["forged"])).status_code == 404
    url = reverse("recovery_objection", args=[recoveries.token(announced, cast.stranger)])
    assert client.post(url).status_code == 404
    announced.refresh_from_db()
    assert announced.state == RecoveryState.NOTICE


def test_too_late_to_object_is_said(announced, cast, client, now):
    recoveries.finish_due(now + 3 * DAY)
    url = reverse("recovery_objection", args=[recoveries.token(announced, cast.owner)])
    assert "This is over" in client.post(url).content.decode()
    assert roles(cast.acme)["member@acme.example"] == Role.OWNER


def test_it_lapses_if_the_new_owner_has_left_meanwhile(announced, cast, now):
    memberships.remove(membership=cast.membership(cast.member), origin=Origin.system(), at=now)
    assert recoveries.finish_due(now + 3 * DAY) == 1
    announced.refresh_from_db()
    assert announced.state == RecoveryState.LAPSED
    assert roles(cast.acme)["owner@acme.example"] == Role.OWNER


@pytest.mark.parametrize("step", [recoveries.refuse, recoveries.withdraw])
def test_refusing_and_withdrawing_need_a_reason_and_end_it(asked, staff, now, step):
    with pytest.raises(ValidationError):
        step(case=asked, note=" ", origin=staff[1], at=now)
    step(case=asked, note="The register says otherwise.", origin=staff[1], at=now)
    with pytest.raises(recoveries.Overtaken):
        recoveries.approve(case=asked, origin=staff[1], at=now)


def test_in_the_admin_one_asks_and_another_approves(cast, client):
    client.force_login(cast.staff_member("support"))
    add = reverse("admin:accounts_ownerrecovery_add")
    client.post(add, {"customer": cast.acme.public_id, "email": cast.member.email, "proof": PROOF})
    case = OwnerRecovery.objects.get()
    listing = reverse("admin:accounts_ownerrecovery_changelist")
    client.post(listing, {"action": "approve", "_selected_action": [case.pk]})
    case.refresh_from_db()
    assert case.state == RecoveryState.REQUESTED  # support may not decide
    client.force_login(cast.staff_member("manager"))
    client.post(listing, {"action": "approve", "_selected_action": [case.pk]})
    case.refresh_from_db()
    assert case.state == RecoveryState.NOTICE
    client.post(listing, {"action": "withdraw", "_selected_action": [case.pk]})
    case.refresh_from_db()
    assert case.state == RecoveryState.NOTICE  # without a reason
    client.post(listing, {"action": "withdraw", "_selected_action": [case.pk], "note": "The owner has written."})
    case.refresh_from_db()
    assert case.state == RecoveryState.WITHDRAWN
