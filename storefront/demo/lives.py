"""Living a company's past through the store's own flows, at Stripe's test clock and this process's clock in the past.

Call inside storefront.demo.past.moving and storefront.demo.apart.world. What comes of it is what would have come of it then:
the same rows, the same invoices to the cent.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress

from accounts.models import Membership, Organization, Role, User
from accounts.origin import Origin, Source
from accounts.services import memberships, organizations
from billing import sandbox_control, sandbox_history
from billing.models import CancelReason, Cart, CheckoutState, ScheduledKind, ScheduledState, Subscription
from billing.rules import intervals
from billing.services import people
from billing.services.changes import scheduled, seats
from billing.services.mirroring import past_customers, tax_ids
from billing.services.selling import carts, checkout
from billing.services.tax import tax_details
from config import clock
from storefront.demo import past
from storefront.demo.population import Fate, Life, Step, What

GERMAN: Final = frozenset({"DE", "AT"})
LEGAL_FORM: Final = {"US": "Inc.", "CA": "Inc.", "DE": "GmbH", "AT": "GmbH", "FR": "SAS", "NL": "B.V.", "JP": "K.K."}
MONTHS: Final = {"month": 1, "year": 12}


class NotBought(Exception):
    """The payment page took the money, and the store has no subscription: the flows this rests on have changed."""


def live(life: Life, *, today: datetime, password: str) -> Organization:
    """Live from the founding to `today` (store time). `password` is a hash. Raises NotBought, StandsStill, NoAnswer."""
    began = began_at(life, today)
    past.move_to(began)
    story = _Story(life, _founded(life, password, began))
    if life.fate is Fate.LOOKS:
        story.fill_cart(life.plan, life.seats, life.interval)
        return story.organization
    story.begin()
    if life.tax_id:
        given = {"country": life.company.country, "kind": "eu_vat", "typed": life.tax_id}
        tax_ids.add(story.organization, **given, origin=story.origin, at=clock.now())
        story.hear()
    story.buy(life.plan, life.seats, life.interval, life.code)
    for step in life.steps:
        # A step from before the beginning (which moved to fit a renewal) is the first that happens after it.
        story.go_to(max(min(at_work(today, step.days_ago), today), clock.now()))
        DEEDS[step.what](story, step)
    story.go_to(today)
    story.end()
    return story.organization


def began_at(life: Life, today: datetime) -> datetime:
    """When the company came, so that its last renewal lies where its story needs it."""
    began = at_work(today, life.days_ago)
    if life.renewed_within is None:
        return began
    wanted = today - timedelta(days=life.renewed_within)
    for days in range(-20, 21):
        start = began + timedelta(days=days)
        renewals = (intervals.months_after(start, count * MONTHS[life.interval]) for count in range(1, 14))
        if any(wanted <= renewal <= today - timedelta(hours=6) for renewal in renewals):
            return start
    raise ValueError(f"No beginning near {began} renews within {life.renewed_within} days.")


def at_work(today: datetime, days_ago: float) -> datetime:
    """So many days ago, at the part of a working day (7 to 17 h UTC) that the fraction says."""
    day = today - timedelta(days=int(days_ago))
    return day.replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(hours=10) * (1 - days_ago % 1)


def _founded(life: Life, password: str, at: datetime) -> Organization:
    company = life.company
    language = "de" if company.country in GERMAN else "en"
    users = [
        User(email=person.email, name=person.name, password=password, locale=language, date_joined=at)
        for person in company.people
    ]
    User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users)
    details = organizations.Details(
        name=company.name,
        country=company.country,
        employee_bracket=company.employee_bracket,
        domain=company.domain,
        industry=company.industry,
        locale=language,
    )
    organization, _membership = organizations.create(
        owner=users[0], details=details, origin=_origin(users[0]), at=at, external_id=company.external_id
    )
    return organization


def _origin(user: User) -> Origin:
    return Origin(actor=user, source=Source.PAGE)


class StandsStill(Exception):
    """What was due at Stripe did not happen."""


class _Story:
    """One company's time: a test clock at Stripe, this process's clock beside it."""

    def __init__(self, life: Life, organization: Organization) -> None:
        self.life = life
        self.organization = organization
        self.owner = User.objects.get(email=life.company.people[0].email)
        self.origin = _origin(self.owner)
        self.clock = ""
        self.reached = 0
        self.due_at: datetime | None = None
        self.coming = list(life.company.people[1:])

    # Time

    def begin(self) -> None:
        now = clock.now()
        self.reached = int(now.timestamp())
        self.clock = sandbox_history.new_clock(self.reached)
        past_customers.make(self.organization, test_clock=self.clock, email=self.owner.email, at=now)

    def go_to(self, instant: datetime) -> None:
        """Pass over everything that Stripe does by itself on the way, so that each fact gets its own date."""
        while self.due_at is not None and self.due_at < instant:
            was = self.due_at
            past.move_to(max(was, clock.now()))
            self.catch_up()
            if self.due_at == was:
                raise StandsStill(f"{self.organization.external_id}: nothing happened at {was}")
        past.move_to(max(instant, clock.now()))  # working through a step takes seconds

    def catch_up(self) -> None:
        """Have Stripe's clock where ours is, and hear of what happened until then."""
        self.reached = max(int(clock.now().timestamp()), self.reached) + 1  # it only moves forward
        sandbox_history.advance_clock(self.clock, self.reached)
        self.hear()

    def hear(self) -> None:
        self.due_at = past_customers.hear(self.organization, clock.now())

    def end(self) -> None:
        self.catch_up()
        past_customers.hear_of_customer(self.organization, clock.now())
        sandbox_history.release_clock(self.clock)

    # What is bought

    def fill_cart(self, plan: str, quantity: int, interval: str, code: str = "") -> Cart:
        wanted = carts.Wanted(plan=plan, seats=quantity, interval=interval, currency=self.life.currency)
        cart = carts.start(wanted=wanted, at=clock.now(), origin=self.origin, organization=self.organization)
        return carts.enter_code(cart=cart, code=code, at=clock.now(), origin=self.origin) if code else cart

    def buy(self, plan: str, quantity: int, interval: str, code: str = "") -> None:
        cart = self.fill_cart(plan, quantity, interval, code)
        attempt = checkout.start(cart=cart, organization=self.organization, origin=self.origin, at=clock.now())
        sandbox_history.pay(attempt.url, name=self.owner.name, email=self.owner.email, country=self.organization.country)
        if checkout.look_up(attempt).state != CheckoutState.APPLIED:
            raise NotBought(f"{self.organization.external_id}: the checkout is {attempt.state} ({attempt.message})")
        self.hear()
        past_customers.hear_of_customer(self.organization, clock.now())

    def subscription(self) -> Subscription | None:
        try:
            return seats.current(self.organization, line=self.life.plan.partition("/")[0])
        except seats.NotLive:
            return None

    def subscription_now(self) -> Subscription | None:
        """As Stripe has it at this moment: it may have renewed since we last heard of it."""
        self.catch_up()
        return self.subscription()

    def member(self, number: int) -> Membership | None:
        """The person's membership, whoever of the company's people it is."""
        email = self.life.company.people[number].email
        return Membership.objects.live().filter(organization=self.organization, user__email=email).first()


# --- What people do. A step that does not fit the day any more (nothing to reduce, the subscription ended) is not taken ------


def _join(story: _Story, step: Step) -> None:
    """The next so many of those who have not joined yet."""
    now, group, story.coming = clock.now(), story.coming[: step.number], story.coming[step.number :]
    users = {user.email: user for user in User.objects.filter(email__in=[person.email for person in group])}
    joined = []
    for person in group:
        user = users[person.email]
        joined.append(
            memberships.join(organization=story.organization, user=user, role=person.role, origin=_origin(user), at=now)
        )
    row = story.subscription()
    if row is not None:
        wanted = [membership.pk for membership in joined]
        people.assign_where_possible(subscription=row, membership_ids=wanted, origin=story.origin, at=now)


def _details(story: _Story, _step: Step) -> None:
    """Who the invoices are made out to, and the order's number on them."""
    said = {
        "legal_name": f"{story.organization.name} {LEGAL_FORM.get(story.organization.country, 'Ltd')}",
        "line1": f"{story.life.number + 1} Example Street",
        "country": story.organization.country,
        "purchase_order": f"PO-{4100 + story.life.number}",
    }
    story.catch_up()
    tax_details.save(story.organization, said, origin=story.origin, at=clock.now())


def _leave(story: _Story, step: Step) -> None:
    membership = story.member(step.number)
    if membership is not None:
        people.remove(membership=membership, origin=story.origin, at=clock.now())


def _invite(story: _Story, step: Step) -> None:
    invited = [f"crew{number + 1}@{story.life.company.domain}" for number in range(step.number)]
    people.invite(
        organization=story.organization, emails=invited, role=Role.MEMBER, with_seat=True, origin=story.origin, at=clock.now()
    )


def _add(story: _Story, step: Step) -> None:
    row = story.subscription_now()
    quantity = min(row.quantity + step.number, row.plan.seats_max) if row else 0
    if row is None or quantity <= row.quantity:
        return
    now = clock.now()
    offered = seats.offer(row, seats=quantity, at=now, is_gathered=False)
    seats.confirm(row, token=offered.token, origin=story.origin, at=now)
    story.hear()


def _remove(story: _Story, step: Step) -> None:
    row = story.subscription_now()
    if row is None:
        return
    quantity = max(row.quantity - step.number, row.plan.seats_min, people.in_use(row).count())
    if quantity < row.quantity:
        scheduled.change_seats(row, seats_after=quantity, releases=[], origin=story.origin, at=clock.now(), reason=step.text)


def _buy(story: _Story, step: Step) -> None:
    story.catch_up()
    story.buy(step.plan, step.number, "month")


def _decline(story: _Story, step: Step) -> None:
    for _refusal in range(step.number):
        sandbox_control.set_next_payment("declined", customer=story.organization.customer.stripe_id)


def _end(story: _Story, step: Step) -> None:
    row = story.subscription_now()
    if row is not None:
        scheduled.end(row, reason_code=CancelReason(step.text), reason="", origin=story.origin, at=clock.now())


def _stay(story: _Story, _step: Step) -> None:
    row = story.subscription_now()
    ends = row.scheduled.filter(kind=ScheduledKind.END, state=ScheduledState.PENDING).first() if row else None
    if ends is not None:
        scheduled.take_back(ends, origin=story.origin, at=clock.now())


DEEDS: Final[dict[What, Callable[[_Story, Step], None]]] = {
    What.JOIN: _join,
    What.LEAVE: _leave,
    What.INVITE: _invite,
    What.ADD: _add,
    What.REMOVE: _remove,
    What.BUY: _buy,
    What.DECLINE: _decline,
    What.DETAILS: _details,
    What.END: _end,
    What.STAY: _stay,
}
