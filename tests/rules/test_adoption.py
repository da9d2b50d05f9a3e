"""Contracts of a file: all that is wrong is said at once, by line and field; what differs from a plan is an exception."""

from datetime import date

import pytest

from billing.rules import adoption
from billing.rules.adoption import Known, Sold

TODAY = date(2026, 11, 23)
KNOWN = Known(
    countries=["DE", "US"],
    brackets=["10-49"],
    industries=["energy"],
    locales=["en", "de"],
    currencies=["eur", "jpy", "usd"],
    plans=["fieldnote/team"],
    today=TODAY,
)
LINE = {
    "reference": "C-1",
    "customer_id": "crm-1",
    "company": "Initech",
    "country": "US",
    "people": "10-49",
    "email": "Ida@initech.example",
    "plan": "fieldnote/team",
    "interval": "year",
    "currency": "usd",
    "seats": "40",
    "amount": "6000.00",
    "renews_on": "2027-03-01",
}


def read(*lines, heading=None, sep=","):
    head = heading or list(LINE)
    return adoption.read("\n".join([sep.join(head), *(sep.join(line.get(name, "") for name in head) for line in lines)]), KNOWN)


def test_a_line_is_a_contract_with_what_it_leaves_open():
    (found,), problems = read(LINE)
    assert problems == []
    assert (found.amount_minor, found.arr_minor, found.email, found.net_days) == (600_000, 600_000, "ida@initech.example", 30)
    assert (found.starts_on, found.exception_until) == (date(2026, 3, 1), date(2027, 3, 1))
    assert [day.date() for day in found.period] == [date(2026, 3, 1), date(2027, 3, 1)]
    (monthly,), _none = read(LINE | {"interval": "month", "currency": "jpy", "amount": "9000"}, sep=";")
    assert (monthly.amount_minor, monthly.arr_minor, monthly.starts_on) == (9_000, 108_000, date(2027, 2, 1))


@pytest.mark.parametrize(
    ("field", "said", "remedy"),
    [
        ("reference", "", "needs one"),
        ("country", "XX", "DE, US"),
        ("people", "12", "10-49"),
        ("email", "ida", "owner's address"),
        ("plan", "fieldnote/huge", "fieldnote/team"),
        ("interval", "week", "month, year"),
        ("currency", "gbp", "eur, jpy, usd"),
        ("seats", "0", "from 1 to"),
        ("seats", "forty", "in digits"),
        ("amount", "6 000", "before tax"),
        ("amount", "0.001", "before tax"),
        ("renews_on", "1.3.2027", "2027-03-01"),
        ("renews_on", "2026-11-23", "after today"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(field, said, remedy):
    contracts, problems = read(LINE, LINE | {"reference": "C-2", field: said})
    assert [one.reference for one in contracts] == ["C-1"]
    named = [(one.line, one.field) for one in problems]
    assert (3, field) in named
    assert remedy in str(next(one for one in problems if one.field == field))


def test_columns_and_lines_that_are_there_twice_are_named():
    assert [str(one) for one in read(heading=[*list(LINE)[1:], "colour"])[1]] == [
        "line 1, reference: is no column of the file. Add it to the heading, in any place.",
        f"line 1, colour: is not known. Leave it out, or name one of: {', '.join(adoption.COLUMNS)}.",
    ]
    _contracts, problems = read(LINE, LINE)
    assert [(one.line, one.field) for one in problems] == [(3, "reference"), (3, "plan")]
    assert read({}, {})[1] == []  # empty lines


def test_what_a_contract_has_that_the_plan_has_not_is_an_exception():
    def sold(unit, **more):
        return Sold(total=lambda seats: seats * unit, seats_min=1, **{"seats_max": 100, "is_retired": False} | more)

    def agreed(contract, offer):
        return [(str(one.kind), dict(one.value)) for one in adoption.exceptions(contract, offer)]

    heading = [*LINE, "payment", "net_days"]
    (card,), _none = read(LINE | {"payment": "card"}, heading=heading)
    (invoice,), _none = read(LINE | {"payment": "invoice", "net_days": "45"}, heading=heading)
    assert agreed(card, sold(15_000)) == []
    assert agreed(card, sold(14_000)) == []  # it pays more than the list: from the renewal on it pays less
    assert agreed(card, sold(20_000)) == [("discount", {"percent_bps": 2_500})]
    assert agreed(card, sold(22_500)) == [("discount", {"percent_bps": 3_334})]  # never a cent more than the contract
    assert agreed(invoice, sold(15_000, seats_max=25, is_retired=True)) == [
        ("price_hold", {}),
        ("seat_ceiling", {"seats": 40}),
        ("payment_terms", {"net_days": 45}),
    ]
