"""What each refusal of a service is called in the API, and what the caller can do about it (RFC 9457)."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework import exceptions, status

from accounts.services import api_keys, asking, closure, invitations, joining, memberships, naming, provisioning
from billing import gateway
from billing.api import (
    credit_problems,
    giving_problems,
    leaving_problems,
    plan_problems,
    quote_problems,
    webhook_problems,
)
from billing.queries import promotion_refusals, tax_words
from billing.rules import tax_ids as tax_ids_rules
from billing.services import closing, commands, people
from billing.services.books import pilots, trials
from billing.services.changes import addons, promotions, seats
from billing.services.leaving import resuming
from billing.services.mirroring import invoices, tax_ids
from billing.services.selling import cards, carts, checkout
from billing.services.trying import pilot_conversions, trial_changes
from config.problems import Problem

__all__ = ["Problem", "about", "field", "of", "provider_refused", "too_many_codes", "with_more"]


def field(pointer: str, detail: str, code: str) -> dict[str, str]:
    """One entry of `errors`: which part of the body, by JSON pointer, and what to do."""
    return {"pointer": f"#{pointer}", "detail": detail, "code": code}


def of(error: Exception) -> exceptions.APIException | None:
    """The problem document of a service's refusal; None for what is no refusal but a defect."""
    for kind, make in MAKERS:
        if isinstance(error, kind):
            return make(error)
    return None


def with_more(error: Exception, **more: Any) -> Problem:
    """The problem document of a refusal, with members of its own."""
    problem = of(error)
    assert isinstance(problem, Problem)
    problem.more |= more
    return problem


def about(error: Exception, pointer: str, **more: Any) -> Problem:
    """The problem document of a refusal that this part of the body met with."""
    problem = with_more(error, **more)
    problem.more["errors"] = [field(pointer, str(problem.detail), problem.code)]
    return problem


def _not_live(error: Any) -> Problem:
    detail = _("There is no active subscription. Buy a plan in the store, or pay what is open there.")
    return Problem("subscription-not-active", detail)


def _paused(error: Any) -> Problem:
    detail = _("The subscription is paused. It goes on by a resumption, or in the store.")
    return Problem("subscription-paused", detail)


def _in_trial(error: Any) -> Problem:
    detail = _("In a trial seats and add-ons change at once and cost nothing. Preview and change them instead of scheduling.")
    return Problem("in-trial", detail)


def _in_pilot(error: Any) -> Problem:
    detail = _("A pilot's seats are in its fee, and it ends by itself. Go on with its plan by a pilot conversion.")
    return Problem("in-pilot", detail)


def _no_pilot(error: Any) -> Problem:
    return Problem("no-pilot", _("No pilot runs here. Once it is over the plan is bought by a cart."))


def _pilot_refused(error: pilots.Refused) -> Problem:
    detail = _("This pilot cannot be had: an organization has one, before its first purchase. Buy the plan by a cart.")
    return Problem("pilot-refused", detail, reason=str(error.answer.refusal))


def _trial_refused(error: trials.Refused) -> Problem:
    detail = _("This cannot be tried: a company tries a product once. Buy it, by a cart with `is_trial` false.")
    return Problem("trial-refused", detail, reason=str(error.answer.refusal))


def _not_extendable(error: Any) -> Problem:
    detail = _("A trial is made longer once, in its last days, and not while it is to end. Nothing was changed.")
    return Problem("trial-not-extendable", detail)


def not_paused() -> Problem:
    return Problem("not-paused", _("This subscription is not paused."))


def _no_card(error: Any) -> Problem:
    detail = _("There is no card to charge. Open a card set-up with this token, and send a person who may pay to its address.")
    return Problem("no-card", detail)


def _nothing_changes(error: Any) -> Problem:
    return _wrong_seats("nothing-changes", _("That many seats are bought already. Send another number."), status_code=409)


def _below_minimum(error: seats.BelowMinimum) -> Problem:
    detail = _("At least %(minimum)s seats can be had this way. Fewer than now are scheduled for the period's end.")
    return _wrong_seats("too-few-seats", detail % {"minimum": error.minimum}, minimum=error.minimum)


def _above_maximum(error: seats.AboveMaximum) -> Problem:
    detail = _("Up to %(maximum)s seats are sold without a person. Take that many now, and talk to us about the rest.")
    return _wrong_seats("too-many-seats", detail % {"maximum": error.maximum}, maximum=error.maximum)


def _wrong_seats(code: str, detail: str, *, status_code: int = status.HTTP_422_UNPROCESSABLE_ENTITY, **more: Any) -> Problem:
    return Problem(code, detail, status_code=status_code, errors=[field("/seats", detail, code)], **more)


def _seats_in_use(error: seats.BelowSeatsInUse) -> Problem:
    detail = _("%(missing)s more people have a seat than would be left. Name whose seats end in `releases`.")
    said = detail % {"missing": error.missing}
    return Problem("seats-in-use", said, missing=error.missing, errors=[field("/releases", said, "seats-in-use")])


def _addon_not_sold(error: Any) -> Problem:
    return addon_not_sold("/addon")


def addon_not_sold(pointer: str, **more: Any) -> Problem:
    detail = _("No such add-on goes with this. The catalog says with which plans, intervals and currencies each is sold.")
    return _wrong_addon("addon-not-sold", detail, pointer, **more)


def _addon_out_of_range(error: addons.OutOfRange) -> Problem:
    detail = _("Send %(minimum)s to %(maximum)s. Fewer than now, or none, are scheduled for the period's end.")
    if error.minimum > error.maximum:
        detail = _("No more of it is sold. Fewer than now, or none, are scheduled for the period's end.")
    return addon_number(detail, error.minimum, error.maximum)


def addon_number(detail: str, minimum: int, maximum: int, pointer: str = "/number", **more: Any) -> Problem:
    said = {"minimum": minimum, "maximum": maximum}
    return _wrong_addon("addon-number-out-of-range", detail % said, pointer, **said, **more)


def addon_takes_no_number(pointer: str, **more: Any) -> Problem:
    detail = _("There is one of it for each seat, and it follows them. Leave the number out.")
    return _wrong_addon("addon-takes-no-number", detail, pointer, **more)


def addon_had() -> Problem:
    detail = _("It is had already. Send another number, or leave it at that.")
    return Problem("nothing-changes", detail, errors=[field("/number", detail, "nothing-changes")])


def _addon_not_held(error: Any) -> Problem:
    return Problem("addon-not-held", _("The subscription does not have this add-on, so there is nothing to give back."))


def _addon_leaves(error: Any) -> Problem:
    return Problem("addon-leaves", _("It is to be given back with the period. Take that scheduled change back first."))


def _addon_refused(error: carts.AddonRefused) -> Problem:
    if not error.maximum:
        return addon_not_sold("/addons", addon=error.code)
    detail = _("Send %(minimum)s to %(maximum)s of it, or leave it out.")
    return addon_number(detail, error.minimum, error.maximum, "/addons", addon=error.code)


def _wrong_addon(code: str, detail: str, pointer: str, **more: Any) -> Problem:
    errors = [field(pointer, detail, code)]
    return Problem(code, detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY, errors=errors, **more)


def _waits_for_payment(error: seats.WaitsForPayment) -> Problem:
    detail = _("An earlier change waits for its payment. Finish it, or drop it with DELETE on that change.")
    return Problem("payment-pending", detail, change=error.change.public_id)


def _too_many_changes(error: seats.TooManyChanges) -> Problem:
    detail = _("Seats or add-ons were changed too often lately. The next change can be made at %(at)s.")
    at = error.next_at.isoformat()
    return Problem("too-many-changes", detail % {"at": at}, status_code=429, wait=60, next_at=at)


def _ends_soon(error: Any) -> Problem:
    return Problem("subscription-ends", _("The subscription ends with this period. Take the cancellation back first."))


def _stale(error: Any) -> Problem:
    detail = _("The price or the subscription changed since the preview. Nothing was charged; look at a new preview.")
    return Problem("preview-stale", detail)


def _busy(error: Any) -> Problem:
    return Problem("change-in-progress", _("Another change is being made. Ask again in a moment."), wait=2)


def _unreachable(error: Any) -> Problem:
    detail = _("The payment provider does not answer. What was begun goes on; ask again in a moment.")
    return Problem("payment-provider-unreachable", detail, status_code=503, wait=5)


def provider_refused(**more: Any) -> Problem:
    detail = _("The payment provider refused. Nothing was changed; look at the subscription and try again.")
    return Problem("payment-provider-refused", detail, status_code=status.HTTP_502_BAD_GATEWAY, **more)


def _refused(error: Any) -> Problem:
    return provider_refused()


def _no_free_seat(error: people.NoFreeSeat) -> Problem:
    detail = _("Every seat is in use: %(missing)s more are needed.") % {"missing": error.missing}
    return Problem("no-free-seat", detail, missing=error.missing)


def _too_many_wanted(error: carts.TooManySeats | checkout.SeatsOutOfRange) -> Problem:
    detail = _("Up to %(maximum)s seats are sold without a person. Take that many now, and talk to us about the rest.")
    return _wrong_seats("too-many-seats", detail % {"maximum": error.maximum}, maximum=error.maximum)


def _not_on_sale(error: Any) -> Problem:
    detail = _("Nothing like this is on sale. Look at the catalog, and choose again.")
    return Problem("not-on-sale", detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY)


def _cart_closed(error: Any) -> Problem:
    return Problem("cart-closed", _("This cart was bought or replaced meanwhile. Make a new one."))


def _already_bought(error: checkout.AlreadyBought) -> Problem:
    row = error.subscription
    detail = _("There is a live subscription of %(line)s already. Change its seats instead.") % {"line": row.line.code}
    return Problem("already-bought", detail, subscription=row.stripe_id, line=row.line.code)


def _currency_locked(error: checkout.CurrencyLocked) -> Problem:
    detail = _("The organization pays in %(currency)s while anything in it is open. Choose that currency.")
    return Problem("currency-locked", detail % {"currency": error.currency.upper()}, currency=error.currency)


def _no_document(error: Any) -> Problem:
    return Problem("no-document", _("Stripe shows no page of this invoice."), status_code=status.HTTP_404_NOT_FOUND)


def _last_owner(error: Any) -> Problem:
    return Problem("last-owner", _("The last owner stays. Make somebody else an owner first."))


def _gone(error: Any) -> exceptions.APIException:
    return exceptions.NotFound()


def _organization_closed(error: Any) -> Problem:
    return Problem("organization-closed", _("The organization of this external id was closed. Use another id."))


def _closed_already(error: Any) -> Problem:
    return Problem("organization-closed", _("It is closed already."))


def _taken(error: Any) -> Problem:
    detail = _("Another one of the organization's has this external id, or this one has another.")
    return Problem("external-id-taken", detail, errors=[field("/external_id", detail, "external-id-taken")])


def _code_refused(error: promotions.CodeRefused | checkout.CodeRefused) -> Problem:
    detail = promotion_refusals.refusal(error.entered)
    return Problem("code-refused", detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY, refusal=error.entered.refusal)


def too_many_codes() -> Problem:
    return Problem("too-many-codes", _("Many codes were tried. Go on in an hour."), status_code=429, wait=3600)


def amount_differs(due_minor: int, expected_minor: int, *, preview: Any) -> Problem:
    """Another amount than the caller agreed to: nothing was done, and what it comes to now is in `preview`."""
    detail = _("The charge would be %(due)s, not %(expected)s. Nothing was charged; agree to the new amount.")
    said = detail % {"due": due_minor, "expected": expected_minor}
    return Problem("amount-differs", said, errors=[field("/expected_due_now_minor", said, "amount-differs")], preview=preview)


def _no_customer(error: Any) -> Problem:
    return Problem("no-customer", _("Buy a plan first: the card is asked for there."))


def _unfit(error: tax_ids_rules.UnfitError) -> Problem:
    detail = tax_words.remedy(error)
    pointer = "/type" if error.fault == "kind" else "/value"
    wrong = field(pointer, detail, "tax-id-unfit")
    return Problem("tax-id-unfit", detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY, errors=[wrong])


def _too_many_tax_ids(error: Any) -> Problem:
    return Problem("too-many-tax-ids", _("Five tax ids are the most. Remove one that you no longer use first."))


def _answered(error: Any) -> Problem:
    return Problem("request-answered", _("It has been answered meanwhile, or has run out."))


def _not_proven(error: Any) -> Problem:
    detail = _("An owner must have confirmed an address of your website's domain first. Nothing was changed.")
    return Problem("domain-not-proven", detail, errors=[field("/joining", detail, "domain-not-proven")])


def _not_owner(error: Any) -> Problem:
    return Problem("not-owner", _("Only an owner can hand the ownership over. Name one in `from`."))


def _in_the_way(error: closing.InTheWay) -> Problem:
    detail = _("Something would still be charged; `obstacles` says what. End it, pay it or let it run out first.")
    return Problem("charges-open", detail, obstacles=[one.value for one in error.obstacles])


def _in_its_words(code: str, status_code: int = status.HTTP_409_CONFLICT) -> Callable[[ValidationError], Problem]:
    """For a refusal that says itself, in the caller's language, what to do."""
    return lambda error: Problem(code, " ".join(error.messages), status_code=status_code)


def _invalid(error: ValidationError) -> exceptions.APIException:
    return exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)


# The first that fits: kinds before what they are a kind of.
MAKERS: tuple[tuple[type[Exception], Callable[[Any], exceptions.APIException]], ...] = (
    (seats.Paused, _paused),
    (pilot_conversions.NoPilot, _no_pilot),
    (seats.NotLive, _not_live),
    (seats.InTrial, _in_trial),
    (seats.InPilot, _in_pilot),
    (pilots.Refused, _pilot_refused),
    (pilot_conversions.NotOnSale, _not_on_sale),
    (trials.Refused, _trial_refused),
    (trial_changes.CannotExtend, _not_extendable),
    (resuming.NoCard, _no_card),
    (seats.NothingChanges, _nothing_changes),
    (seats.BelowMinimum, _below_minimum),
    (seats.AboveMaximum, _above_maximum),
    (seats.BelowSeatsInUse, _seats_in_use),
    (addons.NotOffered, _addon_not_sold),
    (addons.OutOfRange, _addon_out_of_range),
    (addons.NotHeld, _addon_not_held),
    (addons.LeavesThen, _addon_leaves),
    (seats.WaitsForPayment, _waits_for_payment),
    (seats.TooManyChanges, _too_many_changes),
    (seats.EndsSoon, _ends_soon),
    (seats.Stale, _stale),
    (commands.Busy, _busy),
    (people.NoFreeSeat, _no_free_seat),
    (carts.TooManySeats, _too_many_wanted),
    (carts.NotOnSale, _not_on_sale),
    (carts.AddonRefused, _addon_refused),
    (carts.Closed, _cart_closed),
    (checkout.SeatsOutOfRange, _too_many_wanted),
    (checkout.NotOnSale, _not_on_sale),
    (checkout.AlreadyBought, _already_bought),
    (checkout.CurrencyLocked, _currency_locked),
    (invoices.NoPage, _no_document),
    (memberships.LastOwner, _last_owner),
    (memberships.Gone, _gone),
    (provisioning.Closed, _organization_closed),
    (naming.Taken, _taken),
    (promotions.CodeRefused, _code_refused),
    (promotions.Stale, _stale),
    (checkout.CodeRefused, _code_refused),
    (cards.NoCustomer, _no_customer),
    (tax_ids_rules.UnfitError, _unfit),
    (tax_ids.TooMany, _too_many_tax_ids),
    (asking.Answered, _answered),
    (asking.NotNow, _in_its_words("asked-too-often", status.HTTP_429_TOO_MANY_REQUESTS)),
    (joining.NotProven, _not_proven),
    (memberships.NotOwner, _not_owner),
    (closing.InTheWay, _in_the_way),
    (closure.Already, _closed_already),
    (provisioning.Taken, _in_its_words("external-id-taken")),
    (api_keys.TooManyKeys, _in_its_words("too-many-keys")),
    (api_keys.MadeAlready, _in_its_words("key-shown-already")),
    (api_keys.KeyEnded, _in_its_words("key-ended")),
    (invitations.TooMany, _in_its_words("too-many-invitations", status.HTTP_429_TOO_MANY_REQUESTS)),
    (invitations.NotSendable, _in_its_words("not-sendable")),
    *credit_problems.MAKERS,
    *(*giving_problems.MAKERS, *plan_problems.MAKERS, *leaving_problems.MAKERS, *webhook_problems.MAKERS),
    *quote_problems.MAKERS,
    (ValidationError, _invalid),
    (gateway.Unreachable, _unreachable),
    (gateway.GatewayError, _refused),
)
