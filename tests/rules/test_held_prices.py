"""A charge that begins a period now grows as what is left of the old one shrinks: by that, and by nothing else."""

import pytest

from billing.rules import preview

AGREED = {
    "price_id": "price_1",
    "currency": "usd",
    "quantity_before": 10,
    "quantity_after": 10,
    "quantity_at_renewal": 10,
    "addon": "",
    "addon_after": None,
    "plan": "fieldnote/team",
    "balance_before_minor": 0,
    "renewal_minor": 160_00,
    "renewal_discount_minor": 0,
    "renewal_tax_minor": 0,
    "discounts": [],
    "proration_at": 1000,
    "total_minor": 150_00,
    "lines": [
        {"quantity": 10, "addon": "", "discount_minor": 0, "amount_minor": -10_00, "starts_at": 1000, "ends_at": 2000},
        {"quantity": 10, "addon": "", "discount_minor": 0, "amount_minor": 160_00, "starts_at": 1000, "ends_at": 9000},
    ],
}


def after(seconds, credit, **other):
    lines = [AGREED["lines"][0] | {"amount_minor": credit}, AGREED["lines"][1]]
    total = 160_00 + credit
    return AGREED | {"proration_at": 1000 + seconds, "total_minor": total, "lines": lines} | other


@pytest.mark.parametrize(
    ("seconds", "credit", "grown"), [(0, -10_00, 0), (0, -9_99, 1), (100, -9_00, 1_00), (100, -8_99, 1_01)]
)
def test_it_grows_by_what_the_time_takes(seconds, credit, grown):
    assert preview.grown_minor(AGREED, after(seconds, credit)) == grown


@pytest.mark.parametrize(
    "again",
    [
        after(100, -8_97),
        after(0, -10_02),
        after(-1, -10_00),
        after(1, -10_00, balance_before_minor=-5),
        after(1, -10_00, renewal_minor=170_00),
        after(1, -10_00, lines=AGREED["lines"][1:]),
        after(1, -10_00, lines=[AGREED["lines"][0], AGREED["lines"][1] | {"amount_minor": 160_01}]),
        after(1, -10_00, lines=[AGREED["lines"][0] | {"quantity": 9}, AGREED["lines"][1]]),
    ],
)
def test_whatever_else_differs_is_another_price(again):
    assert preview.grown_minor(AGREED, again) is None
