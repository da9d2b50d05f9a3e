"""Invoices and customers as Stripe has them; carts and visits to the payment page."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.access import ReadOnly, ReadOnlyRows, at_stripe, money
from billing.models import Cart, CheckoutAttempt, Customer, Invoice, InvoiceLine

INVOICE_COLORS = {"paid": "success", "open": "warning", "draft": "info", "uncollectible": "danger"}
CHECKOUT_COLORS = {"applied": "success", "open": "info", "opening": "info", "returned": "warning", "failed": "danger"}


class LineRows(ReadOnlyRows):
    model = InvoiceLine
    fields = ("description", "quantity", "amount", "is_proration", "starts_at", "ends_at")
    readonly_fields = ("amount",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InvoiceLine]:
        rows: QuerySet[InvoiceLine] = super().get_queryset(request)
        return rows.select_related("invoice")

    @display(description=_("Amount"))
    def amount(self, line: InvoiceLine) -> str:
        return money(line.amount_minor, line.invoice.currency)


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly):
    list_display = ("issued_at", "shown_number", "organization", "total", "remaining", "shown_status", "next_attempt_at")
    list_filter = ("status", "billing_reason", "currency")
    list_select_related = ("organization",)
    search_fields = ("number", "stripe_id", "organization__name")
    ordering = ("-issued_at", "-id")
    date_hierarchy = "issued_at"
    inlines = (LineRows,)
    fieldsets = (
        (None, {"fields": ("organization", "subscription", "number", "status", "billing_reason")}),
        (_("Amounts"), {"fields": ("subtotal", "tax", "total", "due", "paid", "remaining", "starting", "ending", "refunded")}),
        (_("Dates"), {"fields": ("issued_at", "due_at", "paid_at", "next_attempt_at", "attempt_count")}),
        (_("At Stripe"), {"fields": ("stripe", "mirrored_at")}),
    )
    readonly_fields = (
        *("stripe", "subtotal", "tax", "total", "due", "paid", "remaining"),
        *("starting", "ending", "refunded"),
    )

    @display(description=_("Number"), ordering="number")
    def shown_number(self, row: Invoice) -> str:
        return row.number or row.stripe_id

    @display(description=_("Status"), ordering="status", label=INVOICE_COLORS)
    def shown_status(self, row: Invoice) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=_("Subtotal"))
    def subtotal(self, row: Invoice) -> str:
        return money(row.subtotal_minor, row.currency)

    @display(description=_("Tax"))
    def tax(self, row: Invoice) -> str:
        return money(row.tax_minor, row.currency)

    @display(description=_("Total"), ordering="total_minor")
    def total(self, row: Invoice) -> str:
        return money(row.total_minor, row.currency)

    @display(description=_("Due"))
    def due(self, row: Invoice) -> str:
        return money(row.amount_due_minor, row.currency)

    @display(description=_("Paid"))
    def paid(self, row: Invoice) -> str:
        return money(row.amount_paid_minor, row.currency)

    @display(description=_("Open"), ordering="amount_remaining_minor")
    def remaining(self, row: Invoice) -> str:
        return money(row.amount_remaining_minor, row.currency)

    @display(description=_("Balance before"))
    def starting(self, row: Invoice) -> str:
        return money(row.starting_balance_minor, row.currency)

    @display(description=_("Balance after"))
    def ending(self, row: Invoice) -> str:
        return money(row.ending_balance_minor, row.currency)

    @display(description=_("Refunded"))
    def refunded(self, row: Invoice) -> str:
        return money(row.refunded_minor, row.currency)

    @display(description=_("Invoice"))
    def stripe(self, row: Invoice) -> SafeString | str:
        return at_stripe(row.stripe_id)


@admin.register(Customer)
class CustomerAdmin(ReadOnly):
    list_display = ("organization", "stripe_id", "balance", "card", "mirrored_at")
    list_filter = ("balance_currency", "card_brand")
    list_select_related = ("organization",)
    search_fields = ("stripe_id", "organization__name", "organization__domain")
    ordering = ("organization__name",)
    fields = ("organization", "stripe", "balance", "card", "payment_method_id", "mirrored_at")
    readonly_fields = ("stripe", "balance", "card")

    @display(description=_("Balance"), ordering="balance_minor")
    def balance(self, row: Customer) -> str:
        return money(row.balance_minor, row.balance_currency)

    @display(description=_("Card"))
    def card(self, row: Customer) -> str:
        return f"{row.card_brand} {row.card_last4}, {row.card_exp_month}/{row.card_exp_year}" if row.card_last4 else "-"

    @display(description=_("Customer"))
    def stripe(self, row: Customer) -> SafeString | str:
        return at_stripe(row.stripe_id)


@admin.register(Cart)
class CartAdmin(ReadOnly):
    list_display = ("updated_at", "organization", "user", "plan", "seats", "interval", "currency", "state")
    list_filter = ("state", "plan", "interval", "currency")
    list_select_related = ("organization", "user", "plan__line")
    search_fields = ("public_id", "organization__name", "user__email")
    ordering = ("-updated_at", "-id")
    date_hierarchy = "updated_at"


@admin.register(CheckoutAttempt)
class CheckoutAttemptAdmin(ReadOnly):
    list_display = ("created_at", "organization", "price", "seats", "shown_state", "actor", "concluded_at", "message")
    list_filter = ("state", "line")
    list_select_related = ("organization", "price", "actor")
    search_fields = ("public_id", "organization__name", "stripe_session_id", "duplicate_stripe_subscription_id")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    exclude = ("url", "stripe_session_id", "duplicate_stripe_subscription_id")
    readonly_fields = ("session", "duplicate")

    @display(description=_("State"), ordering="state", label=CHECKOUT_COLORS)
    def shown_state(self, row: CheckoutAttempt) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("Session"))
    def session(self, row: CheckoutAttempt) -> SafeString | str:
        return at_stripe(row.stripe_session_id or "")

    @display(description=_("Paid twice: the subscription that was ended"))
    def duplicate(self, row: CheckoutAttempt) -> SafeString | str:
        return at_stripe(row.duplicate_stripe_subscription_id)
