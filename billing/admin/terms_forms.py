"""The pages on which an exception is proposed, decided and ended early."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import access, staff_guard
from accounts.models import Organization, User
from accounts.origin import Source
from billing.admin import terms_problems
from billing.models import ProductLine, Terms, TermsKind
from billing.models.terms import MOST_REASON
from billing.queries import catalog, currencies, terms_words
from billing.queries import terms as queries
from billing.rules import money as amounts
from billing.rules import terms as rules
from billing.rules.terms import Wrong
from billing.services.agreeing import terms
from config import clock, words
from config.admin import acts

# A field of the rule, as the form names it where a person types something else.
FIELDS = {"percent_bps": "percent", "amount_minor": "amount"}


class Day(UnfoldAdminTextInputWidget):
    """The browser's own calendar: the admin's needs scripts that an act's page has not."""

    input_type = "date"


class KindForm(forms.Form):
    """First: what kind of exception it is."""

    kind = forms.ChoiceField(label=_("Kind"), choices=TermsKind.choices, widget=UnfoldAdminSelectWidget)


class TermsForm(forms.Form):
    """What it says, why, whose it is, from when until when. `nonce` makes two clicks one."""

    kind = forms.ChoiceField(choices=TermsKind.choices, widget=forms.HiddenInput)
    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)
    line = forms.ModelChoiceField(
        label=_("Product line"), queryset=ProductLine.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    percent = forms.DecimalField(
        label=_("Percent off"),
        min_value=Decimal("0.01"),
        max_value=100,
        decimal_places=2,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Of every charge while it holds."),
    )
    net_days = forms.IntegerField(
        label=_("Days to pay"), widget=UnfoldAdminIntegerFieldWidget, help_text=_("From an invoice's date.")
    )
    amount = forms.DecimalField(label=_("Limit"), min_value=Decimal("0.01"), max_digits=14, widget=UnfoldAdminTextInputWidget)
    seats = forms.IntegerField(
        label=_("Most seats"),
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("So many may be bought without a person."),
    )
    plan = forms.ChoiceField(
        label=_("Plan"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("A smaller one waits for the term's end. Empty: any plan."),
    )
    feature = forms.ChoiceField(label=_("Feature"), widget=UnfoldAdminSelectWidget)
    limit = forms.IntegerField(
        label=_("How many"),
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("On top of what the plan has, for a feature that is counted. Empty: without limit."),
    )
    starts_on = forms.DateField(label=_("Holds from"), widget=Day)
    ends_on = forms.DateField(
        label=_("Ends on"),
        widget=Day,
        help_text=_("The first day without it. The customer is told beforehand and has the catalog's again."),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Who answers for it, until it ends."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=MOST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("For us; the customer does not see it."),
    )

    OWN = {
        TermsKind.DISCOUNT: ("percent",),
        TermsKind.TERM: ("seats", "plan"),
        TermsKind.PAYMENT_TERMS: ("net_days",),
        TermsKind.CREDIT_LIMIT: ("amount",),
        TermsKind.SEAT_CEILING: ("seats",),
        TermsKind.FEATURE: ("feature", "limit"),
    }

    def __init__(self, *args: Any, kind: TermsKind, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of_kind, self.currency = kind, currency
        kept = set(self.OWN.get(kind, ())) | ({"line"} if rules.Kind(kind) in rules.OF_A_LINE else set())
        for name in {"line"}.union(*self.OWN.values()) - kept:
            del self.fields[name]
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = User.objects.filter(is_staff=True, is_active=True).order_by("email")
        if "line" in self.fields:
            line = self.fields["line"]
            assert isinstance(line, forms.ModelChoiceField)
            line.queryset = ProductLine.objects.filter(withdrawn_at=None)
        if "feature" in self.fields:
            feature = self.fields["feature"]
            assert isinstance(feature, forms.ChoiceField)
            feature.choices = [(code, catalog.text(one["name"])) for code, one in queries.features().items()]
        if kind == TermsKind.TERM:
            self._commit()
        if "amount" in self.fields:
            self.fields["amount"].help_text = currency.upper()

    def _commit(self) -> None:
        """The fields of a term: what is committed besides the days may be left out."""
        seats, plan = self.fields["seats"], self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        seats.label, seats.required = _("Fewest seats"), False
        seats.help_text = _("Fewer wait for the term's end. Empty: any number.")
        sold = [(one.code, f"{catalog.text(line.name)}: {one.name}") for line in catalog.on_sale().lines for one in line.plans]
        plan.choices = [("", _("Any plan")), *sold]

    @property
    def wanted(self) -> terms.Wanted:
        said = self.cleaned_data
        return terms.Wanted(
            kind=self.of_kind,
            raw=self._raw(),
            line=said.get("line"),
            owner=said["owner"],
            reason=said["reason"],
            starts_on=said["starts_on"],
            ends_on=said["ends_on"],
            nonce=said["nonce"],
        )

    def _raw(self) -> dict[str, Any]:
        said = self.cleaned_data
        if self.of_kind == TermsKind.DISCOUNT:
            return {"percent_bps": int(said["percent"] * 100)}
        if self.of_kind == TermsKind.CREDIT_LIMIT:
            minor = said["amount"].scaleb(amounts.exponent(self.currency))
            return {"amount_minor": int(minor), "currency": self.currency}
        if self.of_kind == TermsKind.FEATURE:
            return {"feature": said["feature"], "limit": said["limit"], "granted": queries.features().get(said["feature"], {})}
        return {name: said[name] for name in ("net_days", "seats", "plan") if name in said}


class NoteForm(forms.Form):
    """What somebody says to a decision."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=MOST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("For us; the customer does not see it."),
    )


def may_propose(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("billing.add_terms"))


def may_decide(request: HttpRequest, row: Terms) -> bool:
    return bool(request.user.has_perm("billing.change_terms")) and request.user.pk != row.proposed_by_id


def propose(page: Any, request: HttpRequest, organization_id: int) -> HttpResponse:
    """GET, POST .../propose/<organization>/: the kind, then what it says; it is written down for a second person."""
    if not may_propose(request):
        raise PermissionDenied
    organization = get_object_or_404(Organization, pk=organization_id)
    base = acts.Act(
        title=gettext("Exception for %(name)s") % {"name": organization},
        lead=gettext("A second person approves it before anything changes. It ends at its date by itself."),
        form=KindForm(),
        button=gettext("Go on"),
        back_url=reverse("admin:accounts_organization_change", args=[organization.pk]),
    )
    if request.method != "POST":
        return acts.render(page, request, organization, base)
    chosen = KindForm(request.POST)
    if not chosen.is_valid():
        return acts.render(page, request, organization, acts.replace(base, form=chosen), status=422)
    kind, today = TermsKind(chosen.cleaned_data["kind"]), clock.now().date()
    currency = currencies.held(organization) or organization.currency or "usd"
    said = acts.replace(base, button=gettext("Propose it"), title=f"{kind.label}: {organization}")
    if "nonce" not in request.POST:
        initial = {"kind": kind, "nonce": uuid.uuid4().hex, "owner": request.user.pk, "starts_on": today}
        form = TermsForm(initial=initial, kind=kind, currency=currency)
        return acts.render(page, request, organization, acts.replace(said, form=form))
    form = TermsForm(request.POST, kind=kind, currency=currency)
    if form.is_valid() and (row := _proposed(request, organization, form)) is not None:
        messages.success(request, gettext("Proposed. Somebody else approves it now."))
        return HttpResponseRedirect(reverse("admin:billing_terms_change", args=[row.pk]))
    return acts.render(page, request, organization, acts.replace(said, form=form), status=422)


def _proposed(request: HttpRequest, organization: Organization, form: TermsForm) -> Terms | None:
    """The row; None, with what is wrong said at its field."""
    try:
        return terms.propose(organization, wanted=form.wanted, origin=access.origin(request, Source.ADMIN), at=clock.now())
    except Wrong as wrong:
        name = FIELDS.get(wrong.field, wrong.field)
        form.add_error(name if name in form.fields else None, terms_problems.why(wrong))
    except terms.Overlaps as error:
        form.add_error("starts_on", terms_problems.overlaps(error))
    return None


@dataclass(frozen=True)
class Deciding:
    """A page that asks once more: `act` does it, with the note."""

    title: Any
    lead: Any
    button: Any
    done: Any
    act: Callable[[HttpRequest, Terms, str], object]
    state: str
    is_open_to: Callable[[HttpRequest, Terms], bool]


def _may_withdraw(request: HttpRequest, row: Terms) -> bool:
    return may_propose(request) and (request.user.pk == row.proposed_by_id or request.user.has_perm("billing.change_terms"))


def _may_end(request: HttpRequest, row: Terms) -> bool:
    return bool(request.user.has_perm("billing.change_terms"))


def _approve(request: HttpRequest, row: Terms, note: str) -> object:
    return terms.approve(row.pk, note=note, origin=access.origin(request, Source.ADMIN), at=clock.now())


def _decline(request: HttpRequest, row: Terms, note: str) -> object:
    return terms.decline(row.pk, note=note, origin=access.origin(request, Source.ADMIN), at=clock.now())


def _withdraw(request: HttpRequest, row: Terms, note: str) -> object:
    return terms.withdraw(row.pk, origin=access.origin(request, Source.ADMIN), at=clock.now())


def _end(request: HttpRequest, row: Terms, note: str) -> object:
    return terms.end_early(row.pk, reason=note, origin=access.origin(request, Source.ADMIN), at=clock.now())


DECIDING = {
    "approve": Deciding(
        _("Approve this exception"),
        _("It holds from its first day on, and ends at its date by itself."),
        _("Approve"),
        _("Approved."),
        _approve,
        "proposed",
        may_decide,
    ),
    "decline": Deciding(
        _("Decline this exception"),
        _("Nothing changes for the customer. Say why: whoever proposed it reads it here."),
        _("Decline"),
        _("Declined."),
        _decline,
        "proposed",
        may_decide,
    ),
    "withdraw": Deciding(
        _("Withdraw this exception"),
        _("Nobody has decided yet, and nobody will have to."),
        _("Withdraw"),
        _("Withdrawn."),
        _withdraw,
        "proposed",
        _may_withdraw,
    ),
    "end": Deciding(
        _("End this exception now"),
        _("The customer has the catalog's again at once, and is not told by us: do that first. Say why it ends."),
        _("End it now"),
        _("Ended."),
        _end,
        "approved",
        _may_end,
    ),
}


def decide(page: Any, request: HttpRequest, terms_id: int, verb: str) -> HttpResponse:
    """GET, POST .../<id>/<verb>/: what it does, a note, one button."""
    row = get_object_or_404(
        Terms.objects.select_related("organization", "line", "owner", "proposed_by", "approver", "ended_by"), pk=terms_id
    )
    deciding = DECIDING[verb]
    if not deciding.is_open_to(request, row):
        raise PermissionDenied
    proof = staff_guard.way_to_fresh_proof(request, request.get_full_path())
    if proof:
        return HttpResponseRedirect(proof)
    back_url = reverse("admin:billing_terms_change", args=[row.pk])
    if row.state != deciding.state:
        act = acts.Act(str(deciding.title), _decided(row), forms.Form(), button="", back_url=back_url, rows=_rows(row))
        return acts.render(page, request, row, act, status=409)
    form = NoteForm(request.POST if request.method == "POST" else None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            deciding.act(request, row, form.cleaned_data["note"])
        except (terms.TermsError, Wrong) as error:
            problem = terms_problems.problem(error)
        else:
            messages.success(request, str(deciding.done))
            return HttpResponseRedirect(back_url)
    act = acts.Act(
        title=str(deciding.title),
        lead=str(deciding.lead),
        form=form,
        button=str(deciding.button),
        back_url=back_url,
        rows=_rows(row),
        problem=problem,
    )
    return acts.render(page, request, row, act, status=422 if problem else 200)


def _decided(row: Terms) -> str:
    """Who has decided, and when, for whoever comes later."""
    by, at = (row.ended_by, row.ended_at) if row.ended_at else (row.approver, row.decided_at)
    values = {"state": row.get_state_display(), "who": by or gettext("the store"), "when": words.moment(at) if at else ""}
    return (gettext("%(state)s by %(who)s, %(when)s.") % values) if at else f"{values['state']}."


def _rows(row: Terms) -> list[acts.Row]:
    return [
        acts.Row(gettext("Customer"), str(row.organization)),
        acts.Row(row.get_kind_display(), terms_words.gives(row.kind, row.value), is_sum=True),
        acts.Row(gettext("Days"), terms_words.days(row.starts_on, row.ends_on)),
        acts.Row(gettext("The buyer reads"), terms_words.after(row.kind)),
        acts.Row(gettext("Reason"), row.reason),
        acts.Row(gettext("Owner"), str(row.owner)),
        acts.Row(gettext("Proposed by"), str(row.proposed_by)),
    ]
