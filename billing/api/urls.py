"""The addresses of API v1."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from billing.api.views import (
    api_keys,
    billing_details,
    carts,
    catalog,
    checkouts,
    contacts,
    discounts,
    entitlements,
    invitations,
    invoices,
    ledger,
    organizations,
    ownership,
    payment,
    people,
    pilots,
    requests,
    seat_changes,
    seats,
    sessions,
    subscription,
    subscriptions,
    tax_ids,
)


class RowConverter(IntConverter):
    """An id of a row: a longer number than Postgres has is no address."""

    regex = "[0-9]{1,18}"


register_converter(RowConverter, "row")

app_name = "v1"

CHANGES = "subscription/seats/changes"
SCHEDULED = "subscription/scheduled-changes"

urlpatterns = [
    path("catalog", catalog.Catalog.as_view(), name="catalog"),
    path("carts", carts.Carts.as_view(), name="carts"),
    path("carts/<str:cart>", carts.CartView.as_view(), name="cart"),
    path("checkouts", checkouts.Checkouts.as_view(), name="checkouts"),
    path("checkouts/<str:checkout>", checkouts.CheckoutView.as_view(), name="checkout"),
    path("organizations", organizations.Organizations.as_view(), name="organizations"),
    path("organizations/<str:organization>", organizations.OrganizationView.as_view(), name="organization"),
    path("organizations/<str:organization>/closure", ownership.Closure.as_view(), name="closure"),
    path("ownership-transfers", ownership.OwnershipTransfers.as_view(), name="ownership_transfers"),
    path("members", people.Members.as_view(), name="members"),
    path("members/<str:member>", people.MemberView.as_view(), name="member"),
    path("invitations", invitations.Invitations.as_view(), name="invitations"),
    path("invitations/<str:invitation>", invitations.InvitationView.as_view(), name="invitation"),
    path("invitations/<str:invitation>/sends", invitations.InvitationSends.as_view(), name="invitation_sends"),
    path("join-requests", requests.JoinRequests.as_view(), name="join_requests"),
    path("join-requests/<row:asked>", requests.JoinRequestView.as_view(), name="join_request"),
    path("join-requests/<row:asked>/decisions", requests.JoinDecisions.as_view(), name="join_decisions"),
    path("seat-requests", requests.SeatRequests.as_view(), name="seat_requests"),
    path("seat-requests/<row:asked>", requests.SeatRequestView.as_view(), name="seat_request"),
    path("seat-requests/<row:asked>/decisions", requests.SeatDecisions.as_view(), name="seat_decisions"),
    path("seats", seats.Seats.as_view(), name="seats"),
    path("seats/<str:member>", seats.SeatView.as_view(), name="seat"),
    path("subscriptions", subscriptions.Subscriptions.as_view(), name="subscriptions"),
    path("subscriptions/<str:subscription>", subscriptions.SubscriptionObject.as_view(), name="one_subscription"),
    path("subscription", subscription.SubscriptionView.as_view(), name="subscription"),
    path("subscription/seats/preview", seat_changes.SeatPreview.as_view(), name="seat_preview"),
    path(CHANGES, seat_changes.SeatChanges.as_view(), name="seat_changes"),
    path(f"{CHANGES}/<str:change>", seat_changes.SeatChangeView.as_view(), name="seat_change"),
    path(SCHEDULED, subscription.ScheduledChanges.as_view(), name="scheduled_changes"),
    path(f"{SCHEDULED}/<str:change>", subscription.ScheduledChangeView.as_view(), name="scheduled_change"),
    path("subscription/discounts/preview", discounts.DiscountPreview.as_view(), name="discount_preview"),
    path("subscription/discounts", discounts.Discounts.as_view(), name="discounts"),
    path("subscription/pilot/conversion-preview", pilots.ConversionPreview.as_view(), name="pilot_conversion_preview"),
    path("subscription/pilot/conversions", pilots.Conversions.as_view(), name="pilot_conversions"),
    path("payment-method", payment.PaymentMethod.as_view(), name="payment_method"),
    path("payment-method/setups", payment.CardSetups.as_view(), name="card_setups"),
    path("billing-details", billing_details.Details.as_view(), name="billing_details"),
    path("tax-ids", tax_ids.TaxIds.as_view(), name="tax_ids"),
    path("tax-ids/<row:tax_id>", tax_ids.TaxIdView.as_view(), name="tax_id"),
    path("billing-contacts", contacts.Contacts.as_view(), name="billing_contacts"),
    path("billing-contacts/<row:contact>", contacts.ContactView.as_view(), name="billing_contact"),
    path("billing-contacts/<row:contact>/sends", contacts.ContactSends.as_view(), name="contact_sends"),
    path("invoices", invoices.Invoices.as_view(), name="invoices"),
    path("invoices/<str:invoice>", invoices.InvoiceView.as_view(), name="invoice"),
    path("invoices/<str:invoice>/hosted", invoices.HostedInvoice.as_view(), name="invoice_hosted"),
    path("invoices/<str:invoice>/pdf", invoices.InvoicePdf.as_view(), name="invoice_pdf"),
    path("ledger", ledger.Ledger.as_view(), name="ledger"),
    path("api-keys", api_keys.ApiKeys.as_view(), name="api_keys"),
    path("api-keys/<str:key>", api_keys.ApiKeyView.as_view(), name="api_key"),
    path("api-keys/<str:key>/rotations", api_keys.ApiKeyRotations.as_view(), name="api_key_rotations"),
    path("sessions", sessions.Sessions.as_view(), name="sessions"),
    path("entitlements", entitlements.Entitlements.as_view(), name="entitlements"),
]
