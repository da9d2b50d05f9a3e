"""The addresses of API v1."""

from django.urls import path

from billing.api.views import catalog, people, seats, sessions, subscription

app_name = "v1"

urlpatterns = [
    path("catalog", catalog.Catalog.as_view(), name="catalog"),
    path("subscription", subscription.SubscriptionView.as_view(), name="subscription"),
    path("subscription/seats/preview", seats.SeatPreview.as_view(), name="seat_preview"),
    path("subscription/seats/changes", seats.SeatChanges.as_view(), name="seat_changes"),
    path("subscription/seats/changes/<slug:change_id>", seats.SeatChangeView.as_view(), name="seat_change"),
    path("subscription/scheduled-changes", subscription.ScheduledChanges.as_view(), name="scheduled_changes"),
    path(
        "subscription/scheduled-changes/<slug:change_id>", subscription.ScheduledChangeView.as_view(), name="scheduled_change"
    ),
    path("sessions", sessions.Sessions.as_view(), name="sessions"),
    path("members", people.Members.as_view(), name="members"),
    path("entitlements", people.Entitlements.as_view(), name="entitlements"),
]
