"""What is charged first, in the API's words: of a cart and of a checkout."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from billing.api import coming_outputs, outputs, words
from billing.queries.charges import Charge


class ChargeOutput(outputs.Output):
    """The first charge, as far as it is known before the payment page: a code typed there comes off, too."""

    subtotal_minor = serializers.IntegerField(help_text="Of seats and add-ons (of a pilot: its fee), before discount and tax.")
    discount_minor = serializers.IntegerField(help_text="What the promotion code, or an agreed discount, takes off.")
    tax_minor = serializers.IntegerField(help_text="On top of the prices, by what is known of the organization now.")
    taxes = coming_outputs.TaxOutput(many=True)
    total_minor = serializers.IntegerField(help_text="After discount, with tax.")
    balance_applied_minor = serializers.IntegerField(help_text="Credit that is used (below 0: a debt that is collected).")
    is_before_tax = serializers.BooleanField(help_text="Whether tax is added that is worked out on the payment page alone.")
    due_now_minor = serializers.IntegerField(help_text="On the payment page. 0 when it is tried first: charged when that ends.")


EXAMPLE: dict[str, Any] = {
    "subtotal_minor": 16000,
    "discount_minor": 0,
    "tax_minor": 3040,
    "taxes": [
        {
            "name": "VAT",
            "percent": "19",
            "amount_minor": 3040,
            "taxable_minor": 16000,
            "inclusive": False,
            "is_reverse": False,
        }
    ],
    "total_minor": 19040,
    "balance_applied_minor": 0,
    "is_before_tax": False,
    "due_now_minor": 19040,
}
WITH_CODE = EXAMPLE | {
    "discount_minor": 3200,
    "tax_minor": 2432,
    "taxes": [EXAMPLE["taxes"][0] | {"amount_minor": 2432, "taxable_minor": 12800}],
    "total_minor": 15232,
    "due_now_minor": 15232,
}


def plain(charge: Charge) -> dict[str, Any]:
    told = words.named(charge, set(ChargeOutput().fields) - {"taxes"})
    return told | {"taxes": [asdict(line) for line in charge.taxes]}
