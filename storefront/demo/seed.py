"""The demo's seed: companies whose past is real (bought, changed, renewed through the store's own flows), staff, and logins.

Safe to run again: what is there stays, what is missing is made.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import Membership, Organization, Role, User
from accounts.origin import Origin, Source
from accounts.services import memberships, organizations
from billing import sandbox_control, sandbox_history
from billing.models import Cart, CartState, SeatAssignment, Subscription
from billing.rules import intervals
from billing.rules.stripe_events import Kind
from billing.services import inbox, people
from billing.services.changes import scheduled, seats
from billing.services.mirroring import past_customers, tax_ids
from billing.services.selling import carts, checkout
from config import clock, pulse
from storefront.demo import companies, floor, past, product
from storefront.demo.companies import Company, Purchase

PASSWORD = "fieldnote-demo"  # noqa: S105 - printed for everybody; the seed refuses to run where somebody could be harmed
LOGINS_FILE = "logins.json"
# The lanes that bring about what a step started. Mails are left to the pulse: they have time.
LANES = ("commands", "inbox", "projections", "taxes")
AFTER_RENEWAL = timedelta(hours=2)


class Refused(Exception):
    """This store is no place for a demo; the text says why and what to do."""


@dataclass(frozen=True)
class Login:
    """One line of the list that bin/demo prints. `url` is the page to start from."""

    name: str
    role: str
    email: str
    password: str
    url: str


def run() -> list[Login]:
    """Seed what is missing and write the list of logins. Raises Refused for a live key or production settings."""
    refuse_what_is_real()
    if sandbox_control.is_there():
        sandbox_control.name_merchant(settings.BRAND["name"])
    wanted = companies.COMPANIES if sandbox_control.is_there() else (companies.SMALL,)
    password = make_password(PASSWORD)
    _make_people(wanted, password)
    with past.moving():
        for company in wanted:
            _make_company(company)
    floor.make(lambda email, name: _user(email, name, password, is_staff=True), clock.now())
    logins = _logins(wanted)
    write_logins(logins, settings.STATE_FOLDER / "demo")
    product.write(wanted, settings.STATE_FOLDER / "demo")
    return logins


def refuse_what_is_real() -> None:
    key = settings.STRIPE_SECRET_KEY
    if not key.startswith(("sk_test_", "rk_test_")):
        raise Refused("STRIPE_SECRET_KEY is not a test key. The seed makes companies with known passwords; use a sk_test_ key.")
    if settings.PRODUCTION:
        raise Refused("These are production settings. The seed is for the demo (STOREFRONT_MODE=demo), which bin/demo starts.")


def write_logins(logins: Iterable[Login], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{LOGINS_FILE}.draft"
    draft.write_text(json.dumps([vars(login) for login in logins], indent=1), encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(folder / LOGINS_FILE)


# --- People -----------------------------------------------------------------------------------------------------------


def _make_people(wanted: Iterable[Company], password: str) -> None:
    for company in wanted:
        for person in company.people:
            _user(person.email, person.name, password)
    groups = {group.name: group for group in Group.objects.all()}
    for role, group, name in companies.STAFF:
        user = _user(_staff_email(role), name, password, is_staff=True, is_superuser=not group)
        if group in groups:
            user.groups.add(groups[group])


def _staff_email(role: str) -> str:
    return f"{role.lower().replace(' ', '-')}@{companies.VENDOR_DOMAIN}"


def _user(email: str, name: str, password: str, **extra: Any) -> User:
    user, is_new = User.objects.get_or_create(email=email, defaults={"name": name, "password": password, **extra})
    if is_new:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _logins(wanted: Iterable[Company]) -> list[Login]:
    found = [
        Login(person.name, f"{company.name} {Role(person.role).label}", person.email, PASSWORD, f"{settings.STORE_URL}/")
        for company in wanted
        for person in _shown(company)
    ]
    pages = {"rep": "/desk/", "manager": "/desk/board/"}
    return found + [
        Login(name, role, _staff_email(role), PASSWORD, settings.STORE_URL + pages.get(role, "/admin/"))
        for role, _group, name in companies.STAFF
    ]


def _shown(company: Company) -> list[companies.Person]:
    """One person a role: enough to look at everything."""
    first: dict[str, companies.Person] = {}
    for person in company.people:
        first.setdefault(person.role, person)
    return list(first.values())


# --- Companies --------------------------------------------------------------------------------------------------------


def _make_company(company: Company) -> None:
    today = clock.wall() + timedelta(seconds=_running_offset())
    past.move_to(_began_at(company.purchase, today))
    organization = _organization(company)
    if company.purchase and not Subscription.objects.filter(organization=organization).exists():
        _buy(company, company.purchase, organization, today)
    elif company.cart and not Cart.objects.filter(organization=organization, state=CartState.OPEN).exists():
        _fill_cart(company, organization)
    past.move_to(today)
    _seat_everybody(company, organization)


def _began_at(purchase: Purchase | None, today: datetime) -> datetime:
    if purchase is None:
        return today - timedelta(days=1)
    if purchase.renewed_days_ago is None:
        return today - timedelta(days=purchase.days_ago, hours=1)
    renewed_at = today - timedelta(days=purchase.renewed_days_ago)
    starts = (renewed_at - timedelta(days=days) for days in range(27, 367))
    return next(start for start in starts if intervals.end(start, purchase.interval) <= renewed_at)


def _running_offset() -> int:
    """The store's own offset: a demo whose time was moved is seeded at its time."""
    return sandbox_control.clock().offset if sandbox_control.is_there() else 0


def _organization(company: Company) -> Organization:
    known = Organization.objects.filter(external_id=company.external_id).first()
    owner = User.objects.get(email=company.people[0].email)
    if known is None:
        details = organizations.Details(
            name=company.name,
            country=company.country,
            employee_bracket=company.employee_bracket,
            domain=company.domain,
            industry=company.industry,
        )
        known, _membership = organizations.create(
            owner=owner, details=details, origin=_origin(owner), at=clock.now(), external_id=company.external_id
        )
    for person in company.people[1:]:
        user = User.objects.get(email=person.email)
        memberships.join(organization=known, user=user, role=person.role, origin=_origin(owner), at=clock.now())
    return known


def _origin(user: User) -> Origin:
    return Origin(actor=user, source=Source.PAGE)


def _owner(organization: Organization) -> User:
    return (
        Membership.objects.live().filter(organization=organization, role=Role.OWNER).select_related("user").earliest("pk").user
    )


def _fill_cart(company: Company, organization: Organization) -> Cart:
    assert company.cart is not None
    plan, quantity, interval, currency = company.cart
    return _cart(organization, plan, quantity, interval, currency)


def _cart(organization: Organization, plan: str, quantity: int, interval: str, currency: str) -> Cart:
    wanted = carts.Wanted(plan=plan, seats=quantity, interval=interval, currency=currency)
    return carts.start(wanted=wanted, at=clock.now(), origin=_origin(_owner(organization)), organization=organization)


def _seat_everybody(company: Company, organization: Organization) -> None:
    row = Subscription.objects.live().filter(organization=organization).first()
    owner = _owner(organization)  # who has had a seat since the purchase
    others = SeatAssignment.objects.filter(subscription=row).exclude(membership__user=owner)
    if row is None or others.exists():  # a later run undoes nobody's choice
        return
    origin, now = _origin(owner), clock.now()
    members = Membership.objects.live().filter(organization=organization).order_by("pk").values_list("pk", flat=True)
    people.assign_where_possible(subscription=row, membership_ids=list(members), origin=origin, at=now)
    if company.invited:
        people.invite(
            organization=organization, emails=company.invited, role=Role.MEMBER, with_seat=True, origin=origin, at=now
        )


# --- What was bought --------------------------------------------------------------------------------------------------


def _buy(company: Company, purchase: Purchase, organization: Organization, today: datetime) -> None:
    """Buy on the payment page at the time of the purchase, then let time pass up to today."""
    story = _Story(organization)
    story.begin()
    owner = _owner(organization)
    if purchase.tax_id:
        given = {"country": company.country, "kind": "eu_vat", "typed": purchase.tax_id}
        tax_ids.add(organization, **given, origin=_origin(owner), at=clock.now())
        story.hear()
    cart = _cart(organization, purchase.plan, purchase.seats, purchase.interval, purchase.currency)
    attempt = checkout.start(cart=cart, organization=organization, origin=_origin(owner), at=clock.now())
    sandbox_history.pay(attempt.url, name=owner.get_full_name(), email=owner.email, country=company.country)
    checkout.look_up(attempt)
    story.hear()
    for days_ago, quantity in purchase.added:
        story.go_to(today - timedelta(days=days_ago))
        _add_seats(organization, quantity)
    for _declined in range(purchase.declines):
        sandbox_control.set_next_payment("declined", customer=organization.customer.stripe_id)
    story.go_to(today)
    if purchase.coming is not None:
        scheduled.change_seats(
            _live(organization),
            seats_after=purchase.coming,
            releases=[],
            origin=_origin(owner),
            at=clock.now(),
            reason="One crew less over the winter",
        )
    story.end()


def _live(organization: Organization) -> Subscription:
    return seats.current(organization)


def _add_seats(organization: Organization, quantity: int) -> None:
    row, now = _live(organization), clock.now()
    offered = seats.offer(row, seats=quantity, at=now, is_gathered=False)
    seats.confirm(row, token=offered.token, origin=_origin(_owner(organization)), at=now)


class _Story:
    """One company's time: a test clock at Stripe, this process's clock beside it."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.clock = ""

    def begin(self) -> None:
        now = clock.now()
        self.clock = sandbox_history.new_clock(int(now.timestamp()))
        past_customers.make(self.organization, test_clock=self.clock, email=_owner(self.organization).email, at=now)

    def go_to(self, instant: datetime) -> None:
        """Pass over every renewal on the way, so that each fact gets its own date."""
        while (row := Subscription.objects.live().filter(organization=self.organization).first()) is not None:
            step = row.period_ends_at + AFTER_RENEWAL
            if step >= instant:
                break
            self._set(step)
        self._set(instant)

    def _set(self, instant: datetime) -> None:
        sandbox_history.advance_clock(self.clock, int(instant.timestamp()))
        past.move_to(instant)
        self.hear()

    def hear(self) -> None:
        """Take in what Stripe did since the last time, and do what that makes due."""
        _drain()
        inbox.touch(Kind.CUSTOMER, self.organization.customer.stripe_id)
        row = Subscription.objects.filter(organization=self.organization).first()
        if row is not None:
            inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)
            _drain()
            row.refresh_from_db()
            inbox.touch(Kind.INVOICE, row.latest_invoice_id)
            _drain()

    def end(self) -> None:
        sandbox_history.release_clock(self.clock)


def _drain() -> None:
    lanes = pulse.lanes()
    pulse.drain_all(only={name: lanes[name] for name in LANES})
