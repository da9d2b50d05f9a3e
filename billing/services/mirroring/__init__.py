"""Stripe's objects become rows."""
