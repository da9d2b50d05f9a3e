"""What is sold and what is owed: the rows of the catalog, carts, subscriptions, seats, invoices, and the talk with Stripe."""

from billing.models.addon import Addon, AddonKind, AddonPrice, SubscriptionAddon
from billing.models.adoption import Adoption, AdoptionState
from billing.models.bundle import OccupiedLine, RevenueShare, ShareKind
from billing.models.card_notice import CardNotice, CardNoticeKind, CardWatch
from billing.models.cart_reminder import CartReminder, CartReminderState
from billing.models.catalog import (
    CatalogVersion,
    Interval,
    LifeCycle,
    Move,
    Plan,
    Price,
    ProductLine,
    Scheme,
    SoldPrice,
)
from billing.models.checkout import Cart, CartState, CheckoutAttempt, CheckoutState
from billing.models.command import CommandState, StripeCommand
from billing.models.customer import Customer
from billing.models.difference import (
    Difference,
    DifferenceKind,
    DifferenceState,
    ReconciledPage,
    Reconciliation,
    SeenSubscription,
    Stage,
)
from billing.models.dispute import Dispute
from billing.models.dunning import DunningEpisode, DunningInvoice, DunningOutcome, DunningStep, DunningStepKind
from billing.models.entitlement import EntitlementVersion, FeatureUsage
from billing.models.exception_budget import ExceptionBudget, ExceptionEntry
from billing.models.expansion import AUTOMATIC, UNDOING, AutoExpansion, ExpansionStop
from billing.models.giving_back import (
    NOT_GIVEN,
    Adjustment,
    AdjustmentKind,
    AdjustmentReason,
    AdjustmentState,
    CreditNote,
    TimeUnit,
)
from billing.models.idempotency import IdempotentRequest
from billing.models.inbox import EventCursor, InboxEvent, StripeObject
from billing.models.invoice import Invoice, InvoiceLine, InvoiceStatus
from billing.models.pause import Pause, PauseState
from billing.models.pilot import Pilot, PilotFee
from billing.models.pilot_run import PilotRun
from billing.models.price_move import PriceMove, PriceMoveState
from billing.models.promotion import Promotion, PromotionDuration, SubscriptionDiscount
from billing.models.quote import Quote, QuoteCount, QuoteDecision, QuoteKind, QuoteState, QuoteWay
from billing.models.renewal import RenewalNotice, RenewalNoticeKind, RenewalReview, RenewalWatch
from billing.models.seats import (
    FIRST_PAYMENTS,
    INCREASES,
    CancelReason,
    ChangeKind,
    ChangeState,
    LedgerKind,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatAssignment,
    SeatChange,
    SeatLedgerEntry,
    SeatRelease,
)
from billing.models.store_time import StoreTime
from billing.models.subscription import (
    LIVE_STATUSES,
    NOT_AT_STRIPE,
    OWING_STATUSES,
    Access,
    Collection,
    Subscription,
    SubscriptionStatus,
)
from billing.models.sunset import UNSETTLED, Sunset, SunsetCase, SunsetCaseState, SunsetState
from billing.models.tax import BillingDetails, TaxId, TaxIdState, TaxRate, TaxStanding
from billing.models.terms import Terms, TermsKind, TermsNotice, TermsState
from billing.models.trial import Trial
from billing.models.window import RUNNING, InvoiceWindow, WindowState

__all__ = [
    "AUTOMATIC",
    "FIRST_PAYMENTS",
    "INCREASES",
    "LIVE_STATUSES",
    "NOT_AT_STRIPE",
    "NOT_GIVEN",
    "OWING_STATUSES",
    "RUNNING",
    "UNDOING",
    "UNSETTLED",
    "Access",
    "Addon",
    "AddonKind",
    "AddonPrice",
    "Adjustment",
    "AdjustmentKind",
    "AdjustmentReason",
    "AdjustmentState",
    "Adoption",
    "AdoptionState",
    "AutoExpansion",
    "BillingDetails",
    "CancelReason",
    "CardNotice",
    "CardNoticeKind",
    "CardWatch",
    "Cart",
    "CartReminder",
    "CartReminderState",
    "CartState",
    "CatalogVersion",
    "ChangeKind",
    "ChangeState",
    "CheckoutAttempt",
    "CheckoutState",
    "Collection",
    "CommandState",
    "CreditNote",
    "Customer",
    "Difference",
    "DifferenceKind",
    "DifferenceState",
    "Dispute",
    "DunningEpisode",
    "DunningInvoice",
    "DunningOutcome",
    "DunningStep",
    "DunningStepKind",
    "EntitlementVersion",
    "EventCursor",
    "ExceptionBudget",
    "ExceptionEntry",
    "ExpansionStop",
    "FeatureUsage",
    "IdempotentRequest",
    "InboxEvent",
    "Interval",
    "Invoice",
    "InvoiceLine",
    "InvoiceStatus",
    "InvoiceWindow",
    "LedgerKind",
    "LifeCycle",
    "Move",
    "OccupiedLine",
    "Pause",
    "PauseState",
    "Pilot",
    "PilotFee",
    "PilotRun",
    "Plan",
    "Price",
    "PriceMove",
    "PriceMoveState",
    "ProductLine",
    "Promotion",
    "PromotionDuration",
    "Quote",
    "QuoteCount",
    "QuoteDecision",
    "QuoteKind",
    "QuoteState",
    "QuoteWay",
    "ReconciledPage",
    "Reconciliation",
    "RenewalNotice",
    "RenewalNoticeKind",
    "RenewalReview",
    "RenewalWatch",
    "RevenueShare",
    "ScheduledChange",
    "ScheduledKind",
    "ScheduledState",
    "Scheme",
    "SeatAssignment",
    "SeatChange",
    "SeatLedgerEntry",
    "SeatRelease",
    "SeenSubscription",
    "ShareKind",
    "SoldPrice",
    "Stage",
    "StoreTime",
    "StripeCommand",
    "StripeObject",
    "Subscription",
    "SubscriptionAddon",
    "SubscriptionDiscount",
    "SubscriptionStatus",
    "Sunset",
    "SunsetCase",
    "SunsetCaseState",
    "SunsetState",
    "TaxId",
    "TaxIdState",
    "TaxRate",
    "TaxStanding",
    "Terms",
    "TermsKind",
    "TermsNotice",
    "TermsState",
    "TimeUnit",
    "Trial",
    "WindowState",
]
