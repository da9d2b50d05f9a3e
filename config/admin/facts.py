"""Entries of the journal as staff read them: what happened in a sentence, and its facts without the ids of rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config import words
from config.admin import codes, labels

KINDS: Final[dict[str, Any]] = {
    "accounts.access.set": _("Staff access set"),
    "accounts.account.deleted": _("Account deleted"),
    "accounts.admin.created": _("First administrator made"),
    "accounts.api_key.created": _("API key made"),
    "accounts.api_key.revoked": _("API key revoked"),
    "accounts.api_key.rotated": _("API key rotated"),
    "accounts.export.made": _("List exported"),
    "accounts.invitation.accepted": _("Invitation accepted"),
    "accounts.invitation.resent": _("Invitation sent again"),
    "accounts.invitation.revoked": _("Invitation revoked"),
    "accounts.invitations.sent": _("People invited"),
    "accounts.billing_contact.added": _("Billing contact added"),
    "accounts.billing_contact.removed": _("Billing contact removed"),
    "accounts.billing_contact.verified": _("Billing contact agreed"),
    "accounts.external_id.given": _("Named by the product"),
    "accounts.join.approved": _("Request to join approved"),
    "accounts.join.asked": _("Asked to join"),
    "accounts.join.by_domain": _("Joined by domain"),
    "accounts.join.declined": _("Request to join declined"),
    "accounts.join.withdrawn": _("Request to join taken back"),
    "accounts.joining.chosen": _("Who may join changed"),
    "accounts.legal.accepted": _("Legal texts accepted"),
    "accounts.mail.given_up": _("Mail given up"),
    "accounts.entry.made": _("Link from the product made"),
    "accounts.entry.used": _("Came in from the product"),
    "accounts.mail.retried": _("Mails tried again"),
    "billing.objects.read_again": _("Objects read again from Stripe"),
    "accounts.mail.held": _("Mail not sent: address unreachable"),
    "accounts.mail.suppressed": _("Address not written to any more"),
    "accounts.mail.suppression_lifted": _("Address written to again"),
    "accounts.member.joined": _("Member joined"),
    "accounts.member.left": _("Member left"),
    "accounts.member.removed": _("Member removed"),
    "accounts.organization.created": _("Organization made"),
    "accounts.organization.closed": _("Organization closed"),
    "accounts.organization.merged": _("Organizations merged"),
    "billing.customer.not_marked": _("Merged customer not marked at Stripe"),
    "accounts.organization.reopened": _("Organization opened again"),
    "accounts.organization.updated": _("Organization changed"),
    "accounts.ownership.transferred": _("Ownership transferred"),
    "accounts.policy.set": _("Policy set"),
    "accounts.recovery.approved": _("New owner announced"),
    "accounts.recovery.finished": _("New owner in place"),
    "accounts.recovery.lapsed": _("New owner given up"),
    "accounts.recovery.objected": _("New owner objected to"),
    "accounts.recovery.refused": _("New owner refused"),
    "accounts.recovery.requested": _("New owner asked for"),
    "accounts.recovery.withdrawn": _("New owner taken back"),
    "accounts.role.changed": _("Role changed"),
    "accounts.seat.approved": _("Request for a seat approved"),
    "accounts.seat.asked": _("Asked for a seat"),
    "accounts.seat.declined": _("Request for a seat declined"),
    "accounts.seat.withdrawn": _("Request for a seat taken back"),
    "accounts.second_factors.reset": _("Second factors taken away"),
    "accounts.viewing.ended": _("End of looking as the customer"),
    "accounts.viewing.opened": _("Looked at as the customer"),
    "billing.expansion.set": _("Seats by themselves: set"),
    "billing.expansion.stopped": _("Seats by themselves: stopped"),
    "billing.price.asked": _("Asked about the new price"),
    "billing.price.settled": _("Question of the new price settled"),
    "billing.quote.issued": _("Quote issued"),
    "billing.quote.approved": _("Quote approved"),
    "billing.quote.accepted": _("Quote accepted"),
    "billing.quote.lapsed": _("Quote lapsed"),
    "billing.quote.overtaken": _("Quote overtaken"),
    "billing.quote.withdrawn": _("Quote withdrawn"),
    "offramps.deal.versioned": _("Version of a deal made"),
    "offramps.deal.proposed": _("Approval of a deal asked for"),
    "offramps.deal.approved": _("Deal approved"),
    "offramps.deal.declined": _("Deal declined"),
    "offramps.deal.sent": _("Deal sent to the customer"),
    "offramps.deal.accepted": _("Deal accepted"),
    "offramps.deal.over": _("Deal over"),
    "offramps.deal.withdrawn": _("Deal withdrawn"),
    "billing.sunset.begun": _("Plan ends: begun"),
    "billing.sunset.told": _("Plan ends: told"),
    "billing.sunset.chosen": _("Plan ends: another one chosen"),
    "billing.sunset.settled": _("Plan ends: question settled"),
    "billing.sunset.called_off": _("Plan ends: called off"),
    "billing.renewal.reviewed": _("Looked at before the renewal"),
    "billing.discount.ended": _("Discount over"),
    "billing.discount.started": _("Discount begun"),
    "billing.contract.adopted": _("Contract taken over"),
    "billing.contract.released": _("Contract released"),
    "billing.terms.proposed": _("Exception proposed"),
    "billing.terms.approved": _("Exception approved"),
    "billing.terms.declined": _("Exception declined"),
    "billing.terms.withdrawn": _("Exception withdrawn"),
    "billing.terms.began": _("Exception in force"),
    "billing.terms.ended_early": _("Exception ended early"),
    "billing.terms.ended": _("Exception over"),
    "accounts.webhook.created": _("Webhook endpoint made"),
    "accounts.webhook.changed": _("Webhook endpoint changed"),
    "accounts.webhook.deleted": _("Webhook endpoint deleted"),
    "accounts.webhook.disabled": _("Webhook endpoint disabled"),
    "accounts.webhook.enabled": _("Webhook endpoint enabled"),
    "accounts.webhook.replayed": _("Webhooks sent again"),
    "accounts.webhook.rotated": _("Webhook secret rotated"),
    "billing.adjustment.proposed": _("Approval of a refund or credit asked for"),
    "billing.adjustment.approved": _("Refund or credit approved"),
    "billing.adjustment.declined": _("Refund or credit declined"),
    "billing.adjustment.withdrawn": _("Refund or credit withdrawn"),
    "billing.adjustment.asked": _("Refund or credit asked for"),
    "billing.adjustment.done": _("Refund or credit given"),
    "billing.adjustment.failed": _("Refund or credit failed"),
    "billing.credit_note.issued": _("Credit note issued"),
    "billing.cancellation.scheduled": _("Cancellation asked for"),
    "billing.cancellation.taken_back": _("Cancellation taken back"),
    "billing.subscription.came_back": _("Came back"),
    "billing.subscription.paused": _("Paused"),
    "billing.subscription.collected": _("Way of paying changed"),
    "billing.subscription.resumed": _("Gone on after a pause"),
    "billing.seats.paused": _("Paused: no revenue"),
    "billing.seats.resumed": _("Gone on: revenue again"),
    "billing.subscription.ended_now": _("Ended at once"),
    "billing.card.changed": _("Card changed"),
    "billing.cart.adopted": _("Cart taken over"),
    "billing.cart.changed": _("Cart changed"),
    "billing.cart.started": _("Cart started"),
    "billing.catalog.applied": _("Catalog applied"),
    "billing.change.scheduled": _("Change scheduled"),
    "billing.change.taken_back": _("Scheduled change taken back"),
    "billing.charge.credit_failed": _("Difference could not be credited"),
    "billing.charge.credited": _("Difference credited"),
    "billing.charge.differed": _("Charge differed from its preview"),
    "billing.checkout.return_failed": _("Second payment could not be returned"),
    "billing.checkout.returned": _("Second payment returned"),
    "billing.checkout.started": _("Checkout started"),
    "billing.command.tried_again": _("Stripe command tried again"),
    "billing.difference.accepted": _("Difference: Stripe's accepted"),
    "billing.difference.assigned": _("Difference given to somebody"),
    "billing.difference.found": _("Difference to Stripe found"),
    "billing.difference.gone": _("Difference to Stripe gone"),
    "billing.difference.resend_failed": _("Difference: ours refused by Stripe"),
    "billing.difference.resent": _("Difference: ours sent again"),
    "billing.invitations.refused": _("Nobody invited to the new seats"),
    "billing.invoice.sent": _("Invoice sent, to be paid later"),
    "billing.invoice.overdue": _("Invoice overdue"),
    "billing.invoice.replaced": _("Invoice replaced"),
    "billing.invoice.paid": _("Invoice paid"),
    "billing.invoice.payment_failed": _("Payment failed"),
    "billing.invoice.debited": _("Bank account debited"),
    "billing.schedule.missed": _("Scheduled change missed"),
    "billing.schedule.refused": _("Schedule refused by Stripe"),
    "billing.seat.assigned": _("Seat assigned"),
    "billing.seat.ended": _("Seat taken back"),
    "billing.details.changed": _("Billing details changed"),
    "billing.dispute.accepted": _("Gave in to a dispute"),
    "billing.dispute.answered": _("Evidence sent to the bank"),
    "billing.dispute.lost": _("Dispute lost: money taken back"),
    "billing.dispute.opened": _("Charge disputed"),
    "billing.dispute.won": _("Dispute ended, charge stands"),
    "billing.dunning.begun": _("Payment missing"),
    "billing.dunning.escalated": _("Payment of a tier-1 account missing"),
    "billing.dunning.left": _("Cancelled without paying"),
    "billing.dunning.lost": _("Ended: never paid"),
    "billing.dunning.off": _("Access off: payment missing"),
    "billing.dunning.read_only": _("Read-only: payment missing"),
    "billing.dunning.recovered": _("Missing payment came"),
    "billing.dunning.told": _("Missing payment announced"),
    "billing.dunning.waived": _("Missing payment not owed any more"),
    "billing.external_id.changed": _("The product's own id changed"),
    "billing.tax.changed": _("Taxed differently"),
    "billing.tax.refused": _("Tax could not be set"),
    "billing.tax_id.added": _("Tax id added"),
    "billing.tax_id.removed": _("Tax id removed"),
    "billing.seats.added": _("Seats added"),
    "billing.seats.addon": _("Add-on changed"),
    "billing.seats.ended": _("Subscription ended"),
    "billing.seats.plan": _("Plan changed"),
    "billing.seats.released": _("Seats given back, not paid"),
    "billing.seats.removed": _("Seats given back"),
    "billing.seats.renewed": _("Changed at renewal"),
    "billing.seats.started": _("Subscription started"),
    "billing.seats.stripe": _("Changed in Stripe"),
    "billing.subscription.renewed": _("Subscription renewed"),
    "billing.window.billed": _("Invoice window billed"),
    "billing.window.released": _("Seats of an invoice window released"),
    "billing.window.unpaid": _("Invoice window not paid"),
    "billing.subscription.started": _("Subscription started"),
    "billing.seats.converted": _("First paid period"),
    "billing.pilot.converted": _("Pilot became the plan"),
    "billing.pilot.ended": _("Pilot ended"),
    "billing.pilot.started": _("Pilot started"),
    "billing.trial.converted": _("Trial became paid"),
    "billing.trial.extended": _("Trial made longer"),
    "billing.trial.paused": _("Trial ended without a card"),
    "billing.trial.started": _("Trial started"),
    "offramps.call.accepted": _("Call accepted"),
    "offramps.call.begun": _("Call begun"),
    "offramps.call.cancelled": _("Call cancelled"),
    "offramps.call.dated": _("Call dated"),
    "offramps.call.declined": _("Call passed on"),
    "offramps.call.missed": _("Call missed"),
    "offramps.call.moved": _("Call moved"),
    "offramps.lead.closed": _("Lead closed"),
    "offramps.lead.joined": _("Lead joined"),
    "offramps.lead.opened": _("Lead opened"),
    "offramps.lead.reassigned": _("Lead given to somebody else"),
    "offramps.lead.step_set": _("Next step set"),
    "offramps.owner.ended": _("Account's owner ended"),
    "offramps.owner.set": _("Account's owner set"),
    "offramps.pool.changed": _("Pool changed"),
    "offramps.pool.made": _("Pool made"),
    "offramps.pool.member_removed": _("Rep taken out of a pool"),
    "offramps.pool.member_set": _("Rep put in a pool"),
    "offramps.pool.paused": _("Pool paused"),
    "offramps.pool.resumed": _("Pool goes on"),
    "offramps.rep.changed": _("Rep changed"),
    "offramps.rep.hours_set": _("Working hours set"),
    "offramps.rep.chat_set": _("Chat of a rep set"),
    "offramps.pool.chat_set": _("Chat of a pool set"),
    "offramps.rep.leave_added": _("Leave entered"),
    "offramps.rep.leave_taken_back": _("Leave taken back"),
    "offramps.rep.left": _("Rep left"),
    "offramps.rep.made": _("Rep made"),
    "offramps.rep.switched": _("Rep's presence switched"),
    "offramps.rule.drafted": _("Rule drafted"),
    "offramps.rule.retired": _("Rule retired"),
    "offramps.rule.went_live": _("Rule put live"),
    "offramps.hand_raise.closed": _("Hand-raise answered"),
    "offramps.hand_raise.raised": _("Hand raised"),
}
SOURCES: Final[dict[str, Any]] = {
    "page": _("Store"),
    "api": _("API"),
    "admin": _("Admin"),
    "stripe": _("Stripe"),
    "schedule": _("Schedule"),
    "system": _("System"),
}
# Ids of rows, and what another fact says already.
HIDDEN: Final = {
    "adjustment",
    "terms",
    "discount",
    "episode",
    "dispute",
    *("attempt", "cart", "change", "command", "currency", "hand_raise", "invitation", "invitations", "invoice", "line"),
    *(
        "difference",
        "membership",
        "policy",
        "seat",
        "subscription",
        "with_seat",
        "basket",
        "members",
        "user",
        "api_key",
        "viewing",
        "endpoint",
    ),
}


def kind(code: str) -> str:
    """ "billing.seats.added" is "Seats added"; a kind without words is its code."""
    return str(KINDS.get(code, code))


def source(code: str) -> str:
    return str(SOURCES.get(code, code))


def by(actor: Any, code: str) -> str:
    """Who did it, else where it came from."""
    return str(actor) if actor else source(code)


def told(data: Mapping[str, Any]) -> str:
    """The facts in words: money by Babel, instants as days, no ids."""
    currency = str(data.get("currency") or "")
    said = ((_name(name), _value(name, value, currency)) for name, value in data.items() if name not in HIDDEN)
    return ", ".join(f"{name}: {value}" for name, value in said if value)


def _name(name: str) -> str:
    if name == "delta":
        return gettext("Change")
    known = labels.LABELS.get(name) or labels.LABELS.get(name.removesuffix("_minor"))
    return (
        str(known)
        if known
        else capfirst(name.removesuffix("_minor").removesuffix("_bps").removesuffix("_at").replace("_", " "))
    )


def _value(name: str, value: Any, currency: str) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name == "delta":
        return f"{value:+d}"
    if isinstance(value, int):
        return _number(name, value, currency)
    if dated := _dated(name, value):
        return dated
    return ", ".join(map(str, value)) if isinstance(value, list) else codes.said(name, str(value))


def _number(name: str, value: int, currency: str) -> str:
    if name.endswith("_bps"):
        return words.percent(value)
    return words.money(value, currency) if name.endswith("_minor") and currency else words.number(value)


def _dated(name: str, value: Any) -> str:
    """An instant or a day in words; empty: it is neither."""
    if name.endswith("_on") and (day := parse_date(str(value))) is not None:
        return words.day(day)
    instant = value if isinstance(value, datetime) else parse_datetime(value) if name.endswith("_at") else None
    return words.moment(instant) if instant else ""
