"""The addresses of API v1."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from billing.api.views import (
    api_keys,
    carts,
    catalog,
    entitlements,
    invitations,
    money,
    organizations,
    people,
    seat_changes,
    seats,
    sessions,
    subscription,
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
    path("carts/<slug:cart_id>", carts.CartView.as_view(), name="cart"),
    path("checkouts", carts.Checkouts.as_view(), name="checkouts"),
    path("checkouts/<slug:checkout_id>", carts.CheckoutView.as_view(), name="checkout"),
    path("organizations", organizations.Organizations.as_view(), name="organizations"),
    path("organizations/<str:organization>", organizations.OrganizationView.as_view(), name="organization"),
    path("members", people.Members.as_view(), name="members"),
    path("members/<str:member>", people.MemberView.as_view(), name="member"),
    path("invitations", invitations.Invitations.as_view(), name="invitations"),
    path("invitations/<row:invitation_id>", invitations.InvitationView.as_view(), name="invitation"),
    path("invitations/<row:invitation_id>/sends", invitations.InvitationSends.as_view(), name="invitation_sends"),
    path("seats", seats.Seats.as_view(), name="seats"),
    path("seats/<str:member>", seats.SeatView.as_view(), name="seat"),
    path("subscription", subscription.SubscriptionView.as_view(), name="subscription"),
    path("subscription/seats/preview", seat_changes.SeatPreview.as_view(), name="seat_preview"),
    path(CHANGES, seat_changes.SeatChanges.as_view(), name="seat_changes"),
    path(f"{CHANGES}/<slug:change_id>", seat_changes.SeatChangeView.as_view(), name="seat_change"),
    path(SCHEDULED, subscription.ScheduledChanges.as_view(), name="scheduled_changes"),
    path(f"{SCHEDULED}/<slug:change_id>", subscription.ScheduledChangeView.as_view(), name="scheduled_change"),
    path("invoices", money.Invoices.as_view(), name="invoices"),
    path("invoices/<slug:invoice_id>", money.InvoiceView.as_view(), name="invoice"),
    path("invoices/<slug:invoice_id>/hosted", money.HostedInvoice.as_view(), name="invoice_hosted"),
    path("invoices/<slug:invoice_id>/pdf", money.InvoicePdf.as_view(), name="invoice_pdf"),
    path("ledger", money.Ledger.as_view(), name="ledger"),
    path("api-keys", api_keys.ApiKeys.as_view(), name="api_keys"),
    path("api-keys/<row:key_id>", api_keys.ApiKeyView.as_view(), name="api_key"),
    path("api-keys/<row:key_id>/rotations", api_keys.ApiKeyRotations.as_view(), name="api_key_rotations"),
    path("sessions", sessions.Sessions.as_view(), name="sessions"),
    path("entitlements", entitlements.Entitlements.as_view(), name="entitlements"),
]
