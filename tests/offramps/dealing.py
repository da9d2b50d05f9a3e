"""Deals for tests, made as the desk makes them."""

from accounts.origin import Origin, Source
from billing.models import Plan
from config import clock
from offramps.models import VersionState
from offramps.services import cases, deal_approvals, deals
from tests import factories
from tests.offramps.conftest import Floor

SAID = {"plan": "fieldnote/team", "seats": 40, "interval": "year", "term_months": 12, "approver_email": "cfo@acme.example"}


def by(person):
    return Origin(actor=person, source=Source.PAGE)


def wanted(nonce="n1", **more):
    """What a form says: 40 seats of Team for a year, or what `more` says instead."""
    said = SAID | more
    line, _slash, code = said.pop("plan").partition("/")
    plan = Plan.objects.get(line__code=line, code=code)
    return deals.Wanted(plan=plan, nonce=nonce, addons=said.pop("addons", {}), **said)


def kept(lead, rep, nonce="n1", deal=None, **more):
    """The next version of a deal in a case."""
    return deals.save(lead, wanted(nonce, **more), deal=deal, at=clock.now(), origin=by(rep.user))


def sent(version, person=None):
    """The version with the customer, allowed by `person` where it takes somebody."""
    at, origin = clock.now(), by(version.deal.owner)
    version = deal_approvals.propose(version, at=at, origin=origin)
    if version.state == VersionState.PROPOSED:
        version = deal_approvals.approve(version, note="Fine.", at=at, origin=by(person))
    return deals.send(version, at=at, origin=origin)


def proposed(cast):
    """A deal that is beyond its rep's band, asked for, and the manager who may decide."""
    factories.rule("billing.exception_least_deals", 9)
    manager = cast.staff_member("manager")
    rep = Floor(cast.globex).rep("Dora", pool="Deals")
    lead = cases.open_for(cast.globex, lead=None, rep=rep, contact={}, at=clock.now(), origin=by(rep.user))
    version = kept(lead, rep, discount_bps=1_200, term_months=24, reason="A reference.", purchase_order="PO-77")
    return deal_approvals.propose(version, at=clock.now(), origin=by(rep.user)), manager
