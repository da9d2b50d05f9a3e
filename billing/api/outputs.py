"""What programs are told. Money is integer minor units of `currency`, instants are ISO 8601 in UTC and store time.

Store time is the wall's, except where a sandbox's clock was moved.
"""

from typing import Any

from rest_framework import serializers

from accounts.models import Role
from billing.api import agreements, coming_outputs, overdue, plan_ends
from billing.models import (
    Access,
    CancelReason,
    ChangeKind,
    ChangeState,
    Collection,
    Interval,
    PromotionDuration,
    ScheduledKind,
    ScheduledState,
    SubscriptionStatus,
)
from billing.rules.dunning import Step

MISSING_STEPS = tuple(str(step) for step in Step if step is not Step.AGAIN)

WAITS_UNTIL = "While it waits for payment: when it is dropped unless it is paid. Store time. Null if it never waited."
CHANGE_KIND = (
    "`seats`: more seats or an add-on. `plan`: another plan. `window`: the charge of an invoice window. `resumption`, "
    "`conversion`: the first charge after a trial or a pilot, which waits because the bank wants a confirmation."
)
ADDON = "The add-on's code, if it is about one; else empty."
PLAN = "The plan, as line/plan, if it is about another one or another interval; else empty."
ADDON_AFTER = "How many of the add-on are had then. Null: one for each seat, or not about one."


class Output(serializers.Serializer[Any]):
    pass


def external_id() -> serializers.CharField:
    """The field of every object that the vendor may name."""
    return serializers.CharField(allow_null=True, help_text="Your own id of it.")


# --- Problems ---------------------------------------------------------------------------------------------------------


class ProblemField(Output):
    pointer = serializers.CharField(
        help_text="JSON pointer into the body that was sent, as a fragment; of the query or a header: its name."
    )
    detail = serializers.CharField()
    code = serializers.CharField()


class ProblemOutput(Output):
    """RFC 9457. Some types carry members of their own, for example `preview` or `maximum`."""

    type = serializers.CharField(help_text="A stable name to program against.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What to do now.")
    request_id = serializers.CharField(help_text="Name it when you ask for help.")
    errors = ProblemField(many=True, required=False)  # type: ignore[assignment] # RFC 9457's word; DRF has a property of that name


# --- Subscription -----------------------------------------------------------------------------------------------------


class PartOutput(Output):
    plan = serializers.CharField(help_text="`line/plan`.")
    weight = serializers.IntegerField(help_text="Its share of the revenue, among the weights of all parts.")


class PlanOutput(Output):
    line = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()


class SeatsOutput(Output):
    bought = serializers.IntegerField()
    assigned = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Kept for people who are invited.")
    free = serializers.IntegerField()
    coming = serializers.IntegerField(help_text="From the next period on; 0 when the subscription ends.")


class PeriodOutput(Output):
    """Half open: `ends_at` is the first instant after it."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class ScheduledChangeOutput(Output):
    id = serializers.CharField()
    external_id = external_id()
    kind = serializers.ChoiceField(choices=ScheduledKind.choices)
    delta = serializers.IntegerField(help_text="Seats more or less than now; 0 for the end, an add-on and a plan.")
    addon = serializers.CharField(help_text=ADDON)
    addon_after = serializers.IntegerField(allow_null=True, help_text="How many of the add-on are had then; 0: none.")
    plan = serializers.CharField(help_text=PLAN)
    interval = serializers.CharField(help_text="How often the plan is paid then; empty without one.")
    effective_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=ScheduledState.choices)
    reason_code = serializers.ChoiceField(choices=[("", ""), *CancelReason.choices])
    created_at = serializers.DateTimeField()


class PendingOutput(Output):
    change = serializers.CharField()
    external_id = external_id()
    kind = serializers.ChoiceField(choices=ChangeKind.choices, help_text=CHANGE_KIND)
    state = serializers.ChoiceField(choices=ChangeState.choices)
    seats = serializers.IntegerField()
    due_now_minor = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text=WAITS_UNTIL)
    finish_url = serializers.URLField(help_text="The page on which a person finishes the payment or drops the change.")


class WindowOutput(Output):
    """Seats that are had and not charged yet: one charge at `closes_at`, for all that is added by then and not taken back."""

    seats = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    due_minor = serializers.IntegerField(help_text="What is charged then, with tax and after credit, if nothing changes.")
    release_at = serializers.DateTimeField(
        allow_null=True, help_text="The charge did not go through: it is tried again each day, and the seats go back then."
    )


class DiscountOutput(Output):
    """A discount in force: a share or an amount, until `ends_at`, or on the next invoice alone."""

    code = serializers.CharField(help_text="The promotion's code; empty: given by a person of ours.")
    name = serializers.CharField()
    percent_bps = serializers.IntegerField(allow_null=True, help_text="In hundredths of a percent; null: an amount.")
    amount_minor = serializers.IntegerField(allow_null=True)
    duration = serializers.ChoiceField(choices=PromotionDuration.choices)
    ends_at = serializers.DateTimeField(
        allow_null=True, help_text="Charges from then on are in full. Null: without end, or once."
    )


class TrialOutput(Output):
    """A trial that has not become paid. Its seats are free; `next_charge` is the first charge, if a card is there by then."""

    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField()
    is_over = serializers.BooleanField(help_text="It ended without a card: read-only until somebody goes on.")
    has_card = serializers.BooleanField(help_text="Without one nothing is charged at its end, and it pauses.")
    can_be_extended_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when one extension would let it go on, while it can be had. Null: it cannot."
    )
    continue_url = serializers.URLField(help_text="Where a person adds a card; once it is over: sees what going on costs.")


class PauseFactsOutput(Output):
    """The pause that is on: nothing is charged until it goes on."""

    began_at = serializers.DateTimeField()
    resumes_at = serializers.DateTimeField(help_text="When it goes on by itself.")
    months = serializers.IntegerField()
    credit_minor = serializers.IntegerField(help_text="What was given back, as credit that is used first.")
    tries = serializers.IntegerField(help_text="How often the card was declined when it was to go on.")
    message = serializers.CharField(help_text="Why; else empty.")
    continue_url = serializers.URLField(help_text="Where a person sees what going on costs.")


class PilotOutput(Output):
    """The pilot a subscription is, or began as. Its seats are in its fee: they are not bought, and nothing renews."""

    code = serializers.CharField()
    name = serializers.CharField()
    seats = serializers.IntegerField(help_text="People it is for, at most.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    fee_minor = serializers.IntegerField(help_text="Paid once, before tax.")
    is_credited = serializers.BooleanField(help_text="Whether the fee is taken off the plan's first charge until `ends_at`.")
    is_running = serializers.BooleanField()
    converted_at = serializers.DateTimeField(allow_null=True, help_text="Since when it is the plan.")
    continue_url = serializers.URLField(help_text="Where a person sees what going on costs, and does.")


class HeldAddonOutput(Output):
    """An add-on that the subscription has."""

    code = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    follows_seats = serializers.BooleanField(help_text="Whether there is one for each seat.")
    total_minor = serializers.IntegerField(help_text="An interval, before discounts and tax.")
    interval = serializers.ChoiceField(choices=Interval.choices)
    period_ends_at = serializers.DateTimeField(
        allow_null=True, help_text="Of one that is charged by the month beside a plan by the year; null: with the plan."
    )


class MissingOutput(Output):
    since = serializers.DateTimeField(help_text="When the payment failed first.")
    read_only_at = serializers.DateTimeField(help_text="From then on what there is can only be read, unless it is paid.")
    access_ends_at = serializers.DateTimeField(help_text="From then on nothing can be used. Both dates only move later.")


class MissingPaymentOutput(MissingOutput):
    step = serializers.ChoiceField(choices=MISSING_STEPS, help_text="What the customer was told, or lost, last.")
    access = serializers.ChoiceField(choices=Access.choices, help_text="What can be used now.")
    amount_minor = serializers.IntegerField(allow_null=True, help_text="Of all `invoices`. Null: not known yet.")
    invoices = overdue.OverdueInvoiceOutput(many=True, help_text="All that is overdue, the oldest first.")
    is_cancelled_then = serializers.BooleanField(help_text="Whether the subscription is cancelled when access ends.")
    fix_url = serializers.URLField(
        help_text="Where anybody who has it pays or changes the card, without an account: for the banner in your product."
    )


class SubscriptionOutput(Output):
    id = serializers.CharField()
    external_id = external_id()
    plan = PlanOutput()
    parts = PartOutput(many=True, help_text="Of a bundle: the plans it holds. Empty: no bundle.")
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.CharField()
    status = serializers.ChoiceField(choices=SubscriptionStatus.choices, help_text="Stripe's own word.")
    collection_method = serializers.ChoiceField(
        choices=Collection.choices, help_text="Whether a card is charged, or an invoice is sent that is to be paid by a date."
    )
    days_until_due = serializers.IntegerField(allow_null=True, help_text="Of sent invoices: how long there is to pay, in days.")
    is_being_arranged = serializers.BooleanField(help_text="Whether the newest scheduled changes are still on their way.")
    seats = SeatsOutput()
    period = PeriodOutput()
    ends_at = serializers.DateTimeField(allow_null=True)
    addons = HeldAddonOutput(many=True)
    trial = TrialOutput(allow_null=True)
    pause = PauseFactsOutput(allow_null=True)
    pilot = PilotOutput(allow_null=True)
    next_charge = coming_outputs.NextChargeOutput(allow_null=True)
    between_charge = coming_outputs.BetweenChargeOutput(
        allow_null=True, help_text="What add-ons by the month are charged before a plan by the year renews, or ends."
    )
    discounts = DiscountOutput(many=True)
    balance_minor = serializers.IntegerField(help_text="As Stripe has it: negative is credit, which is used first.")
    missing_payment = MissingPaymentOutput(
        allow_null=True, help_text="A payment that failed: since when, and what happens when."
    )
    pending = PendingOutput(allow_null=True, help_text="An increase that is being made or waits for its payment.")
    window = WindowOutput(allow_null=True, help_text="The invoice window: seats that are had and charged later.")
    scheduled = ScheduledChangeOutput(many=True)
    agreements = agreements.AgreementOutput(
        many=True, help_text="What holds, or will hold, of what was agreed beside the catalog: of this line, or as a whole."
    )
    plan_end = plan_ends.PlanEndOutput(allow_null=True, help_text="The plan is being discontinued; null: it is not.")


# --- Seats ------------------------------------------------------------------------------------------------------------


class PreviewLineOutput(Output):
    description = serializers.CharField()
    addon = serializers.CharField(help_text="The add-on's code; empty: of the plan's seats.")
    quantity = serializers.IntegerField()
    amount_minor = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    discount_minor = serializers.IntegerField(help_text="Comes off `amount_minor`.")


class FirstChargeOutput(Output):
    """What is charged when a trial becomes paid."""

    at = serializers.DateTimeField()
    seats = serializers.IntegerField()
    subtotal_minor = serializers.IntegerField(help_text="Of the seats, before discounts and tax.")
    discount_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    taxes = coming_outputs.TaxOutput(many=True)
    total_minor = serializers.IntegerField(help_text="After discounts, with tax.")
    balance_applied_minor = serializers.IntegerField(help_text="Credit used (positive) or debt collected (negative).")
    due_minor = serializers.IntegerField()


class PreviewOutput(Output):
    """What a change costs. Confirm it with `token` until `expires_at`; the charge is `due_now_minor`, to the cent."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField(
        help_text="Until when the token confirms this price: 15 minutes after `proration_at`. Store time, like every instant "
        "of the API: what the clock on the wall says, except in a sandbox whose clock was moved."
    )
    currency = serializers.CharField()
    seats_before = serializers.IntegerField()
    seats_after = serializers.IntegerField()
    seats_at_renewal = serializers.IntegerField()
    addon = serializers.CharField(help_text=ADDON)
    addon_after = serializers.IntegerField(allow_null=True, help_text=ADDON_AFTER)
    plan = serializers.CharField(help_text=PLAN)
    proration_at = serializers.DateTimeField(
        help_text="The instant the price was worked out for, which the charge keeps, whenever it is confirmed. Store time."
    )
    lines = PreviewLineOutput(many=True)
    subtotal_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    taxes = coming_outputs.TaxOutput(many=True)
    discount_minor = serializers.IntegerField(help_text="Comes off the lines; 0 where it is worked into them (prorations are).")
    total_minor = serializers.IntegerField()
    balance_applied_minor = serializers.IntegerField(help_text="Credit used (positive) or debt collected (negative).")
    due_now_minor = serializers.IntegerField(help_text="What is charged: at once, or at `charged_at`; or billed on an invoice.")
    carried_minor = serializers.IntegerField(help_text="Too small for a card: nothing is due, it comes with the next invoice.")
    payable_at = serializers.DateTimeField(allow_null=True, help_text="By when its invoice is due; null: a card is charged.")
    charged_at = serializers.DateTimeField(
        allow_null=True,
        help_text="Small additions to a month are charged together: then, for all that was added (`unbilled_seats` before this "
        "change), unless something changes until then. Null: at once.",
    )
    unbilled_seats = serializers.IntegerField(help_text="Of `seats_before`: how many are had and not charged yet.")
    renewal_minor = serializers.IntegerField(help_text="The next period, after discounts, before tax and balance.")
    renewal_discount_minor = serializers.IntegerField()
    between_at = serializers.DateTimeField(
        allow_null=True, help_text="When add-ons by the month are charged before a plan by the year renews; then each month."
    )
    between_minor = serializers.IntegerField(help_text="What they are charged, after discounts, before tax.")
    between_tax_minor = serializers.IntegerField(help_text="Comes on top of `between_minor`.")
    renewal_tax_minor = serializers.IntegerField(help_text="Comes on top of `renewal_minor`.")
    discounts = DiscountOutput(many=True)
    renewal_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(
        allow_null=True, help_text="When it ends with the change, where an end is booked and a period begins; else null."
    )
    first_charge = FirstChargeOutput(
        allow_null=True, help_text="In a trial, in which nothing is due: what the change makes of its first charge."
    )


class SeatChangeOutput(Output):
    id = serializers.CharField()
    external_id = external_id()
    kind = serializers.ChoiceField(choices=ChangeKind.choices, help_text=CHANGE_KIND)
    state = serializers.ChoiceField(choices=ChangeState.choices)
    seats_before = serializers.IntegerField()
    seats_after = serializers.IntegerField()
    addon = serializers.CharField(help_text=ADDON)
    addon_after = serializers.IntegerField(allow_null=True, help_text=ADDON_AFTER)
    plan = serializers.CharField(help_text=PLAN)
    due_now_minor = serializers.IntegerField(help_text="What is charged: at once, or at `charged_at`; or billed on an invoice.")
    payable_at = serializers.DateTimeField(
        allow_null=True, help_text="By when its invoice can be paid; null: a card is charged."
    )
    charged_at = serializers.DateTimeField(allow_null=True, help_text="When its invoice window closes; null: at once.")
    currency = serializers.CharField()
    message = serializers.CharField(
        help_text="Why it ended as it did. While it waits: what the bank said when it declined; empty: it wants a confirmation."
    )
    finish_url = serializers.URLField(allow_null=True, help_text="While it waits for payment: where a person finishes it.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text=WAITS_UNTIL)
    concluded_at = serializers.DateTimeField(allow_null=True)


# --- Members ----------------------------------------------------------------------------------------------------------


class MemberOutput(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.EmailField()
    external_id = serializers.CharField(allow_null=True, help_text="The vendor's own id of the person.")
    role = serializers.ChoiceField(choices=Role.choices)
    has_seat = serializers.BooleanField()
    joined_at = serializers.DateTimeField()
