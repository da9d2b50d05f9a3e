"""What is collected, in words: charged to a card, debited from a bank account, or on an invoice that is due by a date.

The one place that chooses the word, for pages, mails and documents. What is true of all three stays "Nothing is charged": no
money is asked for.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from billing.rules.collecting import How
from config import words


def due(how: How, at: datetime, days: int | None) -> str:
    """By when an invoice of `at` is to be paid; "" of what is not invoiced."""
    return words.day(at + timedelta(days=days)) if how == How.INVOICE and days else ""


def charged(how: How, when: str, due_on: str = "") -> str:
    """ "charged on 3 March", within a sentence."""
    if how == How.INVOICE and due_on:
        return _("invoiced %(when)s, due on %(due)s") % {"when": when, "due": due_on}
    said = {How.CARD: _("charged %(when)s"), How.DEBIT: _("debited %(when)s"), How.INVOICE: _("invoiced %(when)s")}
    return said[how] % {"when": when}


def charged_label(how: How, when: str, due_on: str = "") -> str:
    """ "Charged on 3 March", beside an amount."""
    if how == How.INVOICE and due_on:
        return _("Invoiced %(when)s, due on %(due)s") % {"when": when, "due": due_on}
    said = {How.CARD: _("Charged %(when)s"), How.DEBIT: _("Debited %(when)s"), How.INVOICE: _("Invoiced %(when)s")}
    return said[how] % {"when": when}


def then_label(how: How) -> str:
    """Beside an amount whose day is said elsewhere."""
    return {How.CARD: _("Charged then"), How.DEBIT: _("Debited then"), How.INVOICE: _("Invoiced then")}[how]


def in_full(how: How, when: str) -> str:
    """Once a discount is over."""
    said = {
        How.CARD: _("First charged in full %(when)s"),
        How.DEBIT: _("First debited in full %(when)s"),
        How.INVOICE: _("First invoiced in full %(when)s"),
    }
    return said[how] % {"when": when}


def next_label(how: How) -> str:
    return {How.CARD: _("Next charge"), How.DEBIT: _("Next debit"), How.INVOICE: _("Next invoice")}[how]


def no_more(how: How) -> str:
    said = {
        How.CARD: _("Nothing more is charged."),
        How.DEBIT: _("Nothing more is debited."),
        How.INVOICE: _("No more invoices come."),
    }
    return said[how]


def not_taken(how: How, amount: str) -> str:
    """Of the renewal that does not come any more."""
    said = {
        How.CARD: _("The next charge of %(amount)s does not take place. What was paid already is not paid back."),
        How.DEBIT: _("The next debit of %(amount)s does not take place. What was paid already is not paid back."),
        How.INVOICE: _("The next invoice of %(amount)s is not sent. What was invoiced already stays to be paid."),
    }
    return said[how] % {"amount": amount}


def later(how: How, last4: str) -> str:
    """What the renewal is paid by; "": nothing is on file."""
    if how == How.INVOICE:
        return _("Nothing is charged today. Then an invoice comes, to be paid by transfer or card.")
    if not last4:
        return _("Nothing is charged today.")
    said = {
        How.CARD: _("Nothing is charged today. Then it goes to •••• %(last4)s."),
        How.DEBIT: _("Nothing is charged today. Then it is debited from •••• %(last4)s, which takes some working days."),
    }
    return said[how] % {"last4": last4}


def by_itself(how: How, when: str, due_on: str = "", ends: tuple[str, str] | None = None) -> str:
    """What renewing by itself means, beside its switch; `ends`: a committed term's last day, and the day it would end on."""
    if ends is not None:
        said = _("On: %(charged)s. You agreed to stay until %(last)s: turned off, it goes on until then and ends on %(day)s.")
        return said % {"charged": charged(how, when, due_on), "last": ends[0], "day": ends[1]}
    said = _("On: %(charged)s. Turned off, it ends that day. %(no_more)s")
    return said % {"charged": charged(how, when, due_on), "no_more": no_more(how)}


def monthly(how: How, amount: str, names: str, when: str) -> str:
    """Of an add-on by the month, whose plan by the year ends: it goes on until then."""
    said = {
        How.CARD: _("%(names)s goes on being charged by the month until then: %(amount)s %(when)s, and each month."),
        How.DEBIT: _("%(names)s goes on being debited by the month until then: %(amount)s %(when)s, and each month."),
        How.INVOICE: _("%(names)s goes on being invoiced by the month until then: %(amount)s %(when)s, and each month."),
    }
    return said[how] % {"names": names, "amount": amount, "when": when}


def by_the_month(how: How) -> str:
    said = {
        How.CARD: _("Charged by the month."),
        How.DEBIT: _("Debited by the month."),
        How.INVOICE: _("Invoiced by the month."),
    }
    return said[how]


def first_month(how: How, amount: str, when: str) -> str:
    """Of an add-on by the month that has just been added."""
    said = {
        How.CARD: _("By the month %(amount)s are charged, %(when)s for the first time; you can give it back with any month."),
        How.DEBIT: _("By the month %(amount)s are debited, %(when)s for the first time; you can give it back with any month."),
        How.INVOICE: _(
            "By the month %(amount)s are invoiced, %(when)s for the first time; you can give it back with any month."
        ),
    }
    return said[how] % {"amount": amount, "when": when}


def with_it(how: How) -> str:
    """What was collected with an acceptance."""
    return {How.CARD: _("Paid with it"), How.DEBIT: _("Being debited with it"), How.INVOICE: _("Invoiced with it")}[how]


def before_label(how: How) -> str:
    """The credit for what was collected before."""
    if how == How.CARD:
        return _("What is paid for already")
    return _("What is billed already")


def paid_for_rest(how: How) -> str:
    """Beside the amount of what was just added: an invoice's date is said by whoever knows it."""
    if how == How.DEBIT:
        return _("Being debited, for the rest of this period")
    return _("Paid for the rest of this period")


def failed_invoice(how: How, number: str) -> str:
    """Of a charge or debit that did not go through. What is due by a date is never tried: of that overdue is said."""
    if how == How.DEBIT:
        return _("Invoice %(number)s could not be debited.") % {"number": number}
    return _("Invoice %(number)s could not be charged.") % {"number": number}


def failed_since(how: How, number: str, since: str) -> str:
    values = {"number": number, "since": since}
    if how == How.DEBIT:
        return _("Invoice %(number)s could not be debited on %(since)s and is still open.") % values
    return _("Invoice %(number)s could not be charged on %(since)s and is still open.") % values


def failed_amount(how: How, amount: str) -> str:
    if how == How.DEBIT:
        return _("%(amount)s could not be debited") % {"amount": amount}
    return _("%(amount)s could not be charged") % {"amount": amount}


def failed_payer(how: How, organization: str, plan: str, since: str) -> str:
    """To whoever has the link of a mail: whose card or account it was, and for what."""
    values = {"organization": organization, "plan": plan, "since": since}
    if how == How.DEBIT:
        return _("The bank account of %(organization)s could not be debited for %(plan)s on %(since)s.") % values
    return _("The card of %(organization)s could not be charged for %(plan)s on %(since)s.") % values


def open_since_end(how: How, number: str, amount: str) -> str:
    """What stays to be paid of a subscription that ends."""
    said = {
        How.CARD: _("Invoice %(number)s of %(amount)s could not be charged and is still open."),
        How.DEBIT: _("Invoice %(number)s of %(amount)s could not be debited and is still open."),
        How.INVOICE: _("Invoice %(number)s of %(amount)s is overdue and still open."),
    }
    return said[how] % {"number": number, "amount": amount}


def usual_reason(how: How) -> str:
    if how == How.DEBIT:
        return _(
            "Too little on the account, or an account that was closed, is the usual reason. The same page takes another one."
        )
    return _(
        "A card that expired or was replaced is the usual reason, or a bank that wants you to confirm the payment: the same "
        "page asks you to."
    )


def change_label(how: How) -> str:
    """The button beside paying now."""
    return _("Change what pays") if how == How.DEBIT else _("Change the card")


def to_pay(how: How) -> str:
    """The one link of a mail that asks for money: of an invoice by itself, of what failed with the way to change what pays."""
    said = {
        How.CARD: _("Pay now or change the card"),
        How.DEBIT: _("Pay now or change what pays"),
        How.INVOICE: _("See and pay the invoice"),
    }
    return said[how]


def refunded_to(how: How) -> str:
    """Where a refund goes, beside its amount."""
    return _("To your bank account") if how == How.DEBIT else _("To your card")


def refunded(how: How, amount: str) -> str:
    return (_("%(amount)s to your bank account") if how == How.DEBIT else _("%(amount)s to your card")) % {"amount": amount}


def came_back(how: How, amount: str) -> str:
    """Of a refund without a document."""
    if how == How.DEBIT:
        return _("%(amount)s went back to your bank account, without a credit note.") % {"amount": amount}
    return _("%(amount)s went back to your card, without a credit note.") % {"amount": amount}
