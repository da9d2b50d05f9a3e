"""Seats, plans, add-ons and codes of a subscription, and the invoice window."""
