"""Invoices and customers as Stripe has them; carts and visits to the payment page."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts import exports
from accounts.models import Organization
from billing.admin import bundles, credit_notes, exported, replacing
from billing.admin.shown import address, at_stripe, money
from billing.models import Cart, CheckoutAttempt, Customer, Invoice, InvoiceLine
from config import words
from config.admin import acts, codes, columns
from config.admin.pages import ReadOnly, ReadOnlyRows

INVOICE_TONES = {"paid": "good", "open": "wait", "draft": "info", "uncollectible": "bad", "void": ""}
CHECKOUT_TONES = {"applied": "good", "open": "info", "opening": "info", "returned": "wait", "failed": "bad"}
CART_TONES = {"open": "info", "ordered": "good"}


class LineRows(ReadOnlyRows):
    model = InvoiceLine
    fields = ("description", "quantity", "amount", "is_proration", "starts_at", "ends_at")
    readonly_fields = ("amount",)
    related = ("invoice",)
    show_change_link = False
    tab = False

    @display(description=_("Amount"))
    def amount(self, line: InvoiceLine) -> str:
        return money(line.amount_minor, line.invoice.currency)


@admin.register(Invoice)
class InvoiceAdmin(exports.Exported):
    list_display = ("issued_at", "shown_number", "organization", "total", "remaining", "status", "next_attempt_at")
    badges = {"status": INVOICE_TONES}
    list_filter = ("status", "billing_reason", "currency", ("overdue_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("number", "stripe_id", "purchase_order", "organization__name")
    export_columns = exported.INVOICES
    ordering = ("-issued_at", "-id")
    date_hierarchy = "issued_at"
    inlines = (LineRows, bundles.ShareRows, credit_notes.NoteRows)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *(("organization", "subscription"), ("number", "status"), ("issued_at", "occasion"), "purchase_order"),
                    *(("total", "remaining"), ("replaces", "successor"), ("stripe", "mirrored_at")),
                )
            },
        ),
        (_("Amounts"), {"fields": (("subtotal", "tax"), ("due", "paid"), ("starting", "ending"), ("refunded", "credited"))}),
        (
            _("Payment"),
            {"fields": (("payable", "paid_at"), ("next_attempt_at", "attempt_count"), ("overdue_at", "reminded_at"))},
        ),
        (
            _("Bank debit"),
            {"fields": (("debited_at", "debit_arrives_on"),)},
        ),
    )
    readonly_fields = (
        *("occasion", "stripe", "subtotal", "tax", "total", "due", "paid", "remaining", "payable", "successor"),
        *("starting", "ending", "refunded", "credited"),
    )

    def get_urls(self) -> list[URLPattern]:
        """With the page on which one is replaced."""

        def replace(request: HttpRequest, invoice_id: int) -> HttpResponse:
            return replacing.replace(self, request, invoice_id)

        own = path("replace/<int:invoice_id>/", self.admin_site.admin_view(replace), name="billing_invoice_replace")
        return [own, *super().get_urls()]

    @display(description=_("Number"), ordering="number")
    def shown_number(self, row: Invoice) -> str:
        return row.number or row.stripe_id

    @display(description=_("Replaced by"))
    def successor(self, row: Invoice) -> SafeString | str | None:
        later = Invoice.objects.filter(replaces=row).first()
        return columns.link(later, str(later)) if later else "-"

    @display(description=_("To be paid by"), ordering="due_at")
    def payable(self, row: Invoice) -> str:
        return words.day_away(row.due_at) if row.due_at else "-"

    @display(description=_("Occasion"), ordering="billing_reason")
    def occasion(self, row: Invoice) -> str:
        return codes.said("billing_reason", row.billing_reason) or "-"

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

    @display(description=_("Credited"))
    def credited(self, row: Invoice) -> str:
        return money(row.credited_minor, row.currency)

    @display(description=_("Invoice"))
    def stripe(self, row: Invoice) -> SafeString | str:
        return at_stripe(row.stripe_id)


@admin.register(Customer)
class CustomerAdmin(ReadOnly):
    list_display = ("organization", "balance", "card", "stripe", "mirrored_at")
    list_filter = ("balance_currency", "method_kind", "card_brand")
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
        if row.bank_last4:
            return f"{row.bank_name or row.method_kind} {row.bank_last4}"
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
    badges = {"state": CART_TONES}
    fields = (
        *(("organization", "user"), ("plan", "seats"), ("interval", "currency"), ("state", "public_id")),
        *(("created_at", "updated_at"), "origin"),
    )
    readonly_fields = ("public_id",)


@admin.register(CheckoutAttempt)
class CheckoutAttemptAdmin(ReadOnly):
    list_display = ("created_at", "organization", "price", "seats", "state", "actor", "concluded_at", "message")
    list_filter = ("state", "line")
    list_select_related = ("organization", "price", "actor")
    search_fields = ("public_id", "organization__name", "stripe_session_id", "duplicate_stripe_subscription_id")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    badges = {"state": CHECKOUT_TONES}
    fields = (
        *(("organization", "actor"), ("price", "seats"), ("state", "message"), ("cart", "subscription")),
        *(("created_at", "expires_at"), ("concluded_at", "public_id"), "session", "duplicate"),
    )
    readonly_fields = ("session", "duplicate", "public_id")

    @display(description=_("Session"))
    def session(self, row: CheckoutAttempt) -> SafeString | str:
        return at_stripe(row.stripe_session_id or "")

    @display(description=_("Paid twice: the subscription that was ended"))
    def duplicate(self, row: CheckoutAttempt) -> SafeString | str:
        return at_stripe(row.duplicate_stripe_subscription_id)


def _customer_at_stripe(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    """The customer's page in Stripe's dashboard; the sandbox has none."""
    if not request.user.has_perm("billing.view_customer"):
        return None
    found = Customer.objects.filter(organization=organization).first()
    url = address(found.stripe_id) if found else ""
    return acts.Offer(gettext("Customer at Stripe"), url, "open_in_new") if url else None


acts.offer_on(Organization, _customer_at_stripe)
