"""What is charged next, as programs are told it: the renewal, and what is charged by the month before."""

from typing import Any

from rest_framework import serializers


class TaxOutput(serializers.Serializer[Any]):
    """One tax. Whoever is reversed accounts for it themselves: its amount is 0."""

    name = serializers.CharField(help_text="Empty while the store does not know it yet.")
    percent = serializers.CharField(help_text="As written: 19 or 8.1.")
    amount_minor = serializers.IntegerField()
    taxable_minor = serializers.IntegerField()
    inclusive = serializers.BooleanField(help_text="Whether the amounts contain it, or it comes on top.")
    is_reverse = serializers.BooleanField(help_text="Reverse charge.")


class NextChargeOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    seats = serializers.IntegerField()
    total_minor = serializers.IntegerField(help_text="Of the seats, before discounts, tax and balance.")
    discount_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField(help_text="On top of the prices, by what is known of the organization now.")
    taxes = TaxOutput(many=True)
    is_before_tax = serializers.BooleanField(help_text="Whether tax is added that is worked out on the day alone.")
    balance_minor = serializers.IntegerField(help_text="Taken from credit (negative) or a debt collected (positive).")
    due_minor = serializers.IntegerField(help_text="After discounts, tax and the balance.")


class BetweenChargeOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    addons = serializers.ListField(child=serializers.CharField(), help_text="Codes.")
    total_minor = serializers.IntegerField(help_text="Before discounts and tax.")
    discount_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField(help_text="On top of the prices.")
    balance_minor = serializers.IntegerField(help_text="Taken from credit (negative) or a debt collected (positive).")
    credit_minor = serializers.IntegerField(help_text="Of the credit what all charges by the month before the renewal use.")
    due_minor = serializers.IntegerField(help_text="After discounts, tax and the balance.")
