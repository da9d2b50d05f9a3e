"""From rows and query data to the plain values of the API's answers."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from billing.api import agreements, missing, pilots, plan_ends
from billing.models import ChangeState, ScheduledChange, SeatChange
from billing.queries import catalog, decline_words, standing_facts, trials
from billing.queries.overview import Standing
from billing.queries.standing_facts import NextCharge
from billing.rules.addons import Item
from billing.rules.preview import FirstCharge
from billing.rules.promotions import Held
from billing.services.changes import seats

WINDOW: Final = ("seats", "opened_at", "closes_at", "due_minor", "release_at")


def on_sale(shelf: catalog.OnSale) -> dict[str, Any]:
    return {
        "version": shelf.number,
        "currencies": list(shelf.currencies),
        "lines": [
            {
                "code": line.code,
                "name": catalog.text(line.name),
                "pitch": catalog.text(line.pitch),
                "plans": [_plan_on_sale(plan) for plan in line.plans],
                "addons": [_addon_on_sale(addon) for addon in line.addons],
                "pilots": [pilots.offer(pilot) for pilot in line.pilots],
            }
            for line in shelf.lines
        ],
    }


def _plan_on_sale(plan: catalog.PlanOnSale) -> dict[str, Any]:
    return {
        "code": plan.code,
        "name": plan.name,
        "pitch": catalog.text(plan.pitch),
        "seats_min": plan.seats_min,
        "seats_max": plan.seats_max,
        "is_recommended": plan.is_recommended,
        "trial_days": plan.trial_days,
        "parts": [{"plan": part.path, "weight": part.weight} for part in plan.parts],
        **_included(plan),
    }


def _addon_on_sale(addon: catalog.AddonOnSale) -> dict[str, Any]:
    plain = named(addon, ("code", "kind", "quantity_min", "quantity_max"))
    texts = {"name": catalog.text(addon.name), "pitch": catalog.text(addon.pitch)}
    return {**plain, **texts, "plans": list(addon.plans), **_included(addon)}


def _included(sold: catalog.PlanOnSale | catalog.AddonOnSale) -> dict[str, Any]:
    """Features and prices."""
    return {
        "features": [
            {
                "code": feature.code,
                "name": catalog.text(feature.name),
                "limit": feature.limit,
                "unit": catalog.text(feature.unit) if feature.unit else None,
                "resets": feature.resets or None,
            }
            for feature in sold.features
        ],
        "prices": [
            {
                "interval": price.interval,
                "currency": price.currency,
                "scheme": price.scheme,
                "tiers": [asdict(tier) for tier in price.tiers],
            }
            for price in sold.prices
        ],
    }


def subscription(standing: Standing, at: datetime) -> dict[str, Any]:
    """`at`: the present instant, in store time."""
    row, next_charge = standing.row, standing.next_charge
    return {
        "id": row.stripe_id,
        "external_id": row.external_id,
        "plan": {"line": row.line.code, "code": row.plan.code, "name": row.plan.name},
        "parts": [{"plan": f"{part['line']}/{part['plan']}", "weight": part["weight"]} for part in row.price.parts],
        "interval": row.price.interval,
        "currency": row.currency,
        "status": row.status,
        "collection_method": row.collection_method,
        "days_until_due": row.days_until_due,
        "is_being_arranged": row.is_being_arranged,
        "seats": {
            "bought": standing.quantity,
            "assigned": standing.in_use,
            "held": standing.held,
            "free": standing.free,
            "coming": standing.coming,
        },
        "period": {"starts_at": row.period_starts_at, "ends_at": row.period_ends_at},
        "ends_at": standing.ends_at,
        "addons": [_addon(item, standing.quantity) for item in standing.held_addons],
        "trial": _trial(standing, at),
        "pause": _pause(standing),
        "pilot": pilots.of_standing(standing),
        "next_charge": _next_charge(next_charge) if next_charge else None,
        "between_charge": _between(standing),
        "discounts": [_discount(one) for one in standing.discounts],
        "balance_minor": standing.balance_minor,
        "missing_payment": missing.of_standing(standing),
        "window": named(standing.window, WINDOW) if standing.window else None,
        "pending": _pending(standing.change) if standing.change else None,
        "scheduled": [scheduled_change(change) for change in (*standing.scheduled, *standing.put_off)],
        "agreements": [agreements.of_standing(one, row.line.code) for one in standing.agreed if one.ended_at is None],
        "plan_end": plan_ends.of_standing(standing.sunset) if standing.sunset else None,
    }


def _between(standing: Standing) -> dict[str, Any] | None:
    charge = standing.between
    if charge is None:
        return None
    said = ("total_minor", "discount_minor", "tax_minor", "balance_minor", "credit_minor", "due_minor")
    return {"at": charge.at, "addons": [item.code for item in charge.items], **named(charge, said)}


def _addon(item: Item, seats: int) -> dict[str, Any]:
    quantities = {"quantity": item.quantity(seats), "follows_seats": item.is_per_seat, "total_minor": item.total(seats)}
    own = {"interval": item.interval, "period_ends_at": item.period_ends_at}
    return {"code": item.code, "name": catalog.text(item.name), **quantities, **own}


def _pause(standing: Standing) -> dict[str, Any] | None:
    pause = standing.pause
    if pause is None:
        return None
    said = ("began_at", "resumes_at", "months", "credit_minor", "tries", "message")
    url = f"{page('storefront:resumption')}?line={standing.row.line.code}"
    return {name: getattr(pause, name) for name in said} | {"continue_url": url}


def _trial(standing: Standing, at: datetime) -> dict[str, Any] | None:
    row, facts = standing.row, standing.trial
    if not row.is_live or not row.is_in_trial or row.trial_ends_at is None or standing.begun_as is not None:
        return None
    longer = None
    if facts is not None and standing.trial_ends_at is not None and standing.ends_at is None:
        longer = trials.extended_end(ends_at=row.trial_ends_at, extended_at=facts.extended_at, at=at)
    going_on = f"{page('storefront:resumption')}?line={row.line.code}"
    return {
        "starts_at": facts.starts_at if facts else None,
        "ends_at": row.trial_ends_at,
        "is_over": standing.is_trial_over,
        "has_card": standing.card is not None,
        "can_be_extended_until": longer,
        "continue_url": going_on if standing.is_trial_over else page("storefront:payment_card"),
    }


def _next_charge(charge: NextCharge) -> dict[str, Any]:
    return {
        "at": charge.at,
        "seats": charge.seats,
        "total_minor": charge.total_minor,
        "discount_minor": charge.discount_minor,
        "tax_minor": charge.tax_minor,
        "taxes": [asdict(line) for line in charge.taxes],
        "is_before_tax": charge.is_before_tax,
        "balance_minor": charge.balance_minor,
        "due_minor": charge.due_minor,
    }


def _discount(held: Held) -> dict[str, Any]:
    return {
        "code": held.code,
        "name": catalog.text(held.name),
        "percent_bps": held.percent_bps,
        "amount_minor": held.amount_minor,
        "duration": held.duration,
        "ends_at": held.ends_at,
    }


def _pending(change: standing_facts.OpenChange) -> dict[str, Any]:
    return {
        "change": change.public_id,
        "external_id": change.external_id,
        "kind": change.kind,
        "state": change.state,
        "seats": change.quantity_after,
        "due_now_minor": change.due_now_minor,
        "expires_at": change.expires_at,
        "finish_url": page("storefront:seat_change", change.public_id),
    }


def scheduled_change(change: ScheduledChange | standing_facts.Scheduled) -> dict[str, Any]:
    names = ("external_id", "kind", "delta", "addon_after", "effective_at", "reason_code", "created_at")
    state = change.state if isinstance(change, ScheduledChange) else "booked" if change.is_booked else "pending"
    # A row has the add-on itself, what pages read its code.
    code = (change.addon.code if change.addon else "") if isinstance(change, ScheduledChange) else change.addon
    plan = {"plan": "", "interval": ""}
    if isinstance(change, standing_facts.Scheduled):
        plan |= {"plan": change.plan["path"], "interval": change.plan["interval"]} if change.plan else {}
    elif change.price_after is not None:
        plan = {"plan": str(change.price_after.plan), "interval": change.price_after.interval}
    return {"id": change.public_id, "state": state, "addon": code, **plan, **named(change, names)}


def offer(offered: seats.Offer) -> dict[str, Any]:
    shown = offered.preview
    return {
        "token": offered.token,
        "expires_at": offered.expires_at,
        "currency": shown.currency,
        "seats_before": shown.quantity_before,
        "seats_after": shown.quantity_after,
        "seats_at_renewal": shown.quantity_at_renewal,
        "addon": shown.addon,
        "addon_after": shown.addon_after,
        "plan": shown.plan,
        "proration_at": shown.proration_at,
        "lines": [asdict(line) for line in shown.lines],
        "subtotal_minor": shown.subtotal_minor,
        "tax_minor": shown.tax_minor,
        "taxes": [asdict(line) for line in shown.taxes],
        "discount_minor": shown.discount_minor,
        "total_minor": shown.total_minor,
        "balance_applied_minor": shown.balance_applied_minor,
        "due_now_minor": shown.due_now_minor,
        "carried_minor": shown.carried_minor,
        "payable_at": shown.payable_at,
        "charged_at": shown.charged_at,
        "unbilled_seats": shown.unbilled,
        "renewal_minor": shown.renewal_minor,
        "between_at": shown.between_at,
        "between_minor": shown.between_minor,
        "between_tax_minor": shown.between_tax_minor,
        "renewal_discount_minor": shown.renewal_discount_minor,
        "renewal_tax_minor": shown.renewal_tax_minor,
        "ends_at": shown.ends_at,
        "discounts": [_discount(one) for one in shown.discounts],
        "renewal_at": shown.renewal_at,
        "first_charge": first_charge(shown.first_charge) if shown.first_charge else None,
    }


def first_charge(charge: FirstCharge) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(charge).items() if name not in ("quantity", "currency", "taxes")}
    return plain | {"seats": charge.quantity, "taxes": [asdict(line) for line in charge.taxes]}


def seat_change(change: SeatChange) -> dict[str, Any]:
    waits = change.state == ChangeState.WAITING
    return {
        "id": change.public_id,
        "external_id": change.external_id,
        "kind": change.kind,
        "state": change.state,
        "seats_before": change.quantity_before,
        "seats_after": change.quantity_after,
        "addon": change.addon_price.addon.code if change.addon_price else "",
        "addon_after": change.addon_after,
        "plan": str(change.price_after.plan) if change.price_after else "",
        "due_now_minor": change.due_now_minor,
        "payable_at": change.payable_at,
        "charged_at": kept_instant(change.preview.get("charged_at")),
        "currency": change.currency,
        "message": decline_words.said(change.message),
        "finish_url": page("storefront:seat_change", change.public_id) if waits else None,
        "created_at": change.created_at,
        "expires_at": change.expires_at,
        "concluded_at": change.concluded_at,
    }


def kept_instant(epoch: int | None) -> datetime | None:
    """An instant of a preview as a row keeps it."""
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


def named(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """What of a row is told under the row's own names."""
    return {name: getattr(row, name) for name in names}


def page(name: str, *args: str) -> str:
    """The full address of a page of the store."""
    return f"{settings.STORE_URL}{reverse(name, args=args)}"
