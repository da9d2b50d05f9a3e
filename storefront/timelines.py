"""What happens next to a subscription, as dated events of the timeline component, each with the way to undo it."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries import collecting_words
from billing.queries.overview import Standing
from billing.queries.standing_facts import Debit, NextCharge, OpenChange, OpenInvoice, PilotFacts, Scheduled
from config import words
from storefront import addon_words, change_words, invoice_words, missing_words, reductions, sunset_words, window_words

Event = dict[str, Any]


def coming(standing: Standing, at: datetime) -> list[Event]:
    """The events from `at` on, in order of their dates; the present comes first. No query."""
    events = [
        *_payment(standing, at),
        *window_words.events(standing),
        *invoice_words.events(standing),
        *sunset_words.events(standing),
        *_between(standing),
        *_card(standing, at),
        *_scheduled(standing),
        *_discounts(standing),
        *_resumption(standing),
        *_period_end(standing),
        *change_words.booked(standing),
    ]
    events.sort(key=lambda event: (words.day_of(event["on"]), event.pop("rank", 0)))
    return [_present(standing, at), *events]


def interval_words(interval: str) -> str:
    return _("every year") if interval == "year" else _("every month")


def _present(standing: Standing, at: datetime) -> Event:
    row = standing.row
    values = {"plan": row.plan.name, "day": words.on_day(row.period_starts_at)}
    if standing.pilot is not None:
        said = _("%(plan)s, in a pilot that began %(day)s.")
        return {"on": at, "title": words.seats(standing.quantity), "detail": said % values, "kind": "now"}
    if standing.trial_ends_at is not None or standing.is_trial_over:
        values["day"] = words.on_day(row.started_at)
        said = _("%(plan)s, in a trial that began %(day)s.") if standing.trial_ends_at else _("%(plan)s, to read only.")
        return {"on": at, "title": words.seats(standing.quantity), "detail": said % values, "kind": "now"}
    if standing.pause is not None:
        values["day"] = words.on_day(standing.pause.began_at)
        said = _("%(plan)s, paused %(day)s. Nothing is charged.")
        return {"on": at, "title": words.seats(standing.quantity), "detail": said % values, "kind": "now"}
    return {
        "on": at,
        "title": words.seats(standing.quantity),
        "detail": _("%(plan)s, in the period that began %(day)s.") % values,
        "kind": "now",
    }


def _payment(standing: Standing, at: datetime) -> list[Event]:
    """Payments that wait for somebody."""
    events: list[Event] = []
    change = standing.change
    if change is not None and change.is_waiting and (change.addon_name or change.plan_name):
        events.append(_waiting_thing(change, at))
    elif standing.first_payment is not None:
        events.append(_waiting_first(standing.first_payment, at))
    elif change is not None and change.is_waiting and not change.is_of_window:
        gained = change.quantity_after - change.quantity_before
        events.append(
            {
                "on": change.expires_at or at,
                "title": ngettext("%(seats)s waits for its payment", "%(seats)s wait for their payment", gained)
                % {"seats": words.seats(gained)},
                "detail": ngettext(
                    "Paid by then, it is yours; otherwise it is dropped and nothing is charged.",
                    "Paid by then, they are yours; otherwise they are dropped and nothing is charged.",
                    gained,
                ),
                "amount_minor": change.due_now_minor,
                "currency": change.currency,
                "kind": "warn",
                "action_url": reverse("storefront:seat_change", args=[change.public_id]),
                "action_label": _("Finish paying"),
                "undo_url": reverse("storefront:seat_change", args=[change.public_id]),
                "undo_label": _("Drop the change"),
                "undo_name": "action",
                "undo_value": "drop",
            }
        )
    events += [_unpaid(standing, invoice, at) for invoice in standing.overdue]
    if standing.debit is not None:
        events.append(_debit(standing.debit))
    if standing.missing is not None:
        then = standing.missing.is_cancelled_then
        events += [event for event in missing_words.cuts(standing.missing, is_cancelled_then=then) if event["on"] > at]
    return events


def _debit(debit: Debit) -> Event:
    return {
        "on": debit.arrives_on,
        "title": _("What is being debited arrives"),
        "detail": _("Invoice %(number)s, from your bank account.") % {"number": debit.number},
        "amount_minor": debit.amount_minor,
        "currency": debit.currency,
        "kind": "next",
    }


def _unpaid(standing: Standing, invoice: OpenInvoice, at: datetime) -> Event:
    """One that was not paid by its date, or could not be charged."""
    event: Event = {"on": at, "amount_minor": invoice.remaining_minor, "currency": invoice.currency, "kind": "bad"}
    if invoice.due_at is not None:
        values = {"number": invoice.number, "day": words.day(invoice.due_at)}
        detail = _("Invoice %(number)s was due on %(day)s.") % values
        return event | {"title": _("An invoice is overdue"), "detail": detail}
    again = invoice.next_attempt_at
    title = _("The payment is tried again") if again else _("A payment is missing")
    detail = collecting_words.failed_invoice(standing.how, invoice.number)
    return event | {"on": again or at, "title": title, "detail": detail}


def _waiting_thing(change: OpenChange, at: datetime) -> Event:
    """An add-on or a plan."""
    title = _("%(addon)s waits for its payment") % {"addon": change.plan_name or addon_words.name(change.addon_name)}
    detail = _("Paid by then, it is yours; otherwise it is dropped and nothing is charged.")
    return _waiting(change, at) | {"title": title, "detail": detail}


def _waiting_first(change: OpenChange, at: datetime) -> Event:
    detail = _("Paid by then, you go on with %(seats)s; otherwise it is dropped and nothing is charged.")
    said = detail % {"seats": words.seats(change.quantity_after)}
    return _waiting(change, at) | {"title": _("Your bank wants you to confirm the payment"), "detail": said}


def _waiting(change: OpenChange, at: datetime) -> Event:
    url = reverse("storefront:seat_change", args=[change.public_id])
    return {
        "on": change.expires_at or at,
        "amount_minor": change.due_now_minor,
        "currency": change.currency,
        "kind": "warn",
        "action_url": url,
        "action_label": _("Finish paying"),
        "undo_url": url,
        "undo_label": _("Drop the change"),
        "undo_name": "action",
        "undo_value": "drop",
    }


def _between(standing: Standing) -> list[Event]:
    """The charge of what is paid by the month beside a plan by the year."""
    charge = standing.between
    if charge is None:
        return []
    return [
        {
            "on": charge.at,
            "title": addon_words.named(charge.items),
            "detail": collecting_words.by_the_month(standing.how),
            "amount_minor": charge.due_minor,
            "currency": charge.currency,
            "rank": 2,
        }
    ]


def _card(standing: Standing, at: datetime) -> list[Event]:
    """The card runs out before the next charge."""
    charge, card = standing.next_charge, standing.card
    if charge is None or card is None or card.works_on(words.day_of(charge.at)):
        return []
    return [
        {
            "on": max(card.expires_on - timedelta(days=1), words.day_of(at)),
            "title": _("The card ending in %(last4)s expires") % {"last4": card.last4},
            "detail": _("The charge after that will fail unless you change the card."),
            "kind": "warn",
        }
    ]


def _resumption(standing: Standing) -> list[Event]:
    """A pause's end: it goes on by itself, or the card is tried again."""
    pause = standing.pause
    on = (pause.due_at if pause.tries else pause.resumes_at) if pause else None
    if on is None:
        return []
    query = urlencode({"line": standing.row.line.code})
    return [
        {
            "on": on,
            "title": _("The pause ends, a new period begins"),
            "detail": _("%(seats)s, as you left them.") % {"seats": words.seats(standing.quantity)},
            "amount_minor": standing.resumption_minor,
            "currency": standing.row.currency,
            "action_url": f"{reverse('storefront:resumption')}?{query}",
            "action_label": _("Go on now"),
            "rank": 2,
        }
    ]


def _discounts(standing: Standing) -> list[Event]:
    """Discounts that end: from when on, and what is paid then."""
    if standing.coming < 1:
        return []
    row, events = standing.row, []
    for held in standing.discounts:
        if held.ends_at is None:
            continue
        values = {
            "amount": words.money(standing.charged_minor(standing.coming, held.ends_at), row.currency),
            "short": reductions.short(held, row.currency),
        }
        detail = (
            _("%(short)s. From then on %(amount)s a year.") % values
            if row.price.interval == "year"
            else _("%(short)s. From then on %(amount)s a month.") % values
        )
        title = _("%(name)s ends") % {"name": reductions.name(held)}
        events.append({"on": held.ends_at, "title": title, "detail": detail, "rank": 1})
    return events


def _scheduled(standing: Standing) -> list[Event]:
    return [_change(standing, change) for change in standing.scheduled if not change.is_end]


def lost_by_ending(standing: Standing) -> list[str]:
    """What waits for the renewal that does not come then; what goes with a month before goes all the same."""
    waiting = (change for change in standing.scheduled if not change.is_end)
    return [change_words.of(change) for change in waiting if change.effective_at >= standing.row.period_ends_at]


def _change(standing: Standing, change: Scheduled) -> Event:
    by = {"who": change.by or _("the store"), "day": words.on_day(change.created_at)}
    detail = _("Set by %(who)s %(day)s.") % by
    if standing.row.is_being_arranged:
        detail = _("Set by %(who)s %(day)s, and being arranged with Stripe now.") % by
    lost = standing.unseated if change.delta < 0 else 0
    if lost:
        said = ngettext(
            "%(count)s seat more is in use or held than there is then: an invitation's, or the newest, is taken back.",
            "%(count)s seats more are in use or held than there are then: invitations' and the newest are taken back.",
            lost,
        )
        detail = f"{detail} {said % {'count': words.number(lost)}}"
    return {
        "on": change.effective_at,
        "title": change_words.of(change),
        "detail": detail,
        **({"kind": "warn"} if lost else {}),
        "undo_url": reverse("storefront:scheduled_change", args=[change.public_id]),
        "undo_label": _("Undo this change"),
        "undo_name": "action",
        "undo_value": "take_back",
        "rank": 1,
    }


def _trial_end(standing: Standing, charge: NextCharge) -> Event:
    """The trial's end, and what then: the first charge, or a pause without a card."""
    seats = words.seats(charge.seats)
    if not standing.last4:
        return {
            "on": charge.at,
            "title": _("The trial ends"),
            "detail": _("Without a card it pauses: nothing is charged, everything is kept. With one, %(seats)s go on for this.")
            % {"seats": seats},
            "amount_minor": charge.due_minor,
            "currency": charge.currency,
            "kind": "warn",
            "action_url": reverse("storefront:payment_card"),
            "action_label": _("Add a card"),
            "rank": 2,
        }
    return {
        "on": charge.at,
        "title": _("The trial ends, the first period begins"),
        "detail": (
            _("%(seats)s, debited from •••• %(last4)s.") if standing.bank else _("%(seats)s, charged to •••• %(last4)s.")
        )
        % {"seats": seats, "last4": standing.last4},
        "amount_minor": charge.due_minor,
        "currency": charge.currency,
        "rank": 2,
    }


def _pilot_end(standing: Standing, pilot: PilotFacts) -> Event:
    """The pilot's end: nothing by itself, and the way to the plan."""
    query = urlencode({"line": standing.row.line.code})
    return {
        "on": pilot.ends_at,
        "title": _("The pilot ends"),
        "detail": _("Nothing is charged. Your people can read what they made, and everything is kept."),
        "kind": "warn",
        "action_url": f"{reverse('storefront:pilot_conversion')}?{query}",
        "action_label": _("Go on with %(plan)s") % {"plan": standing.row.plan.name},
        "rank": 3,
    }


def _renewal_words(standing: Standing, until: str) -> str:
    days = standing.row.days_until_due
    if not standing.row.is_invoiced or days is None:
        return _("Paid then through %(day)s.") % {"day": until}
    said = ngettext(
        "On an invoice, due %(count)s day later. It is for the time through %(day)s.",
        "On an invoice, due %(count)s days later. It is for the time through %(day)s.",
        days,
    )
    return said % {"day": until, "count": words.number(days)}


def _period_end(standing: Standing) -> list[Event]:
    """The renewal, or the end."""
    charge, end = standing.next_charge, standing.end
    if charge is not None and standing.trial_ends_at is not None:
        return [_trial_end(standing, charge)]
    if charge is not None:
        until = words.day(standing.next_period_ends_at - timedelta(days=1))
        return [
            {
                "on": charge.at,
                "title": _("Renewal with %(seats)s") % {"seats": words.seats(charge.seats)},
                "detail": _renewal_words(standing, until),
                "action_url": f"{reverse('storefront:renewal')}?{urlencode({'line': standing.row.line.code})}",
                "action_label": _("Look at the renewal"),
                "amount_minor": charge.due_minor,
                "currency": charge.currency,
                "rank": 2,
            }
        ]
    if standing.pilot is not None:
        return [_pilot_end(standing, standing.pilot)]
    if standing.ends_at is None:
        return []
    event: Event = {
        "on": standing.ends_at,
        "title": _("The subscription ends"),
        "detail": " ".join([_("Everybody keeps their seat until then."), addon_words.last_words(standing)]),
        "kind": "warn",
        "rank": 3,
    }
    if end is not None:
        event |= {
            "undo_url": reverse("storefront:scheduled_change", args=[end.public_id]),
            "undo_label": _("Keep the subscription"),
            "undo_name": "action",
            "undo_value": "take_back",
        }
    return [event]
