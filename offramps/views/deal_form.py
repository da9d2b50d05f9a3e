"""The form in which a rep builds a deal: from the catalog, and what may be agreed beside it."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import EmployeeBracket, Organization
from accounts.queries import places
from billing.models import Plan
from billing.queries import catalog, currencies
from billing.rules import purchase_orders
from offramps.models import DealVersion, Lead
from offramps.rules import deals as rules
from offramps.services.deals import Wanted

ADDON = "addon-"


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DealForm(forms.Form):
    """What is sold and what is agreed. Empty fields are the catalog's. `nonce` makes two clicks one."""

    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)
    plan = forms.ChoiceField(label=_("Plan"))
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=1_000_000)
    interval = forms.ChoiceField(label=_("Paid"), choices=[("year", _("Yearly")), ("month", _("Monthly"))])
    term_months = forms.TypedChoiceField(
        label=_("Term"),
        coerce=int,
        choices=[(12, _("1 year")), (24, _("2 years")), (36, _("3 years"))],
        help_text=_("So long seats, plan and price are committed. Then the price list counts again."),
    )
    begins_on = forms.DateField(label=_("Begins on"), required=False, widget=Day, help_text=_("Empty: with its acceptance."))
    discount = forms.DecimalField(
        label=_("Discount in percent"), required=False, min_value=Decimal(0), max_value=Decimal("99.99"), decimal_places=2
    )
    net_days = forms.IntegerField(
        label=_("Days to pay an invoice"),
        required=False,
        min_value=0,
        max_value=180,
        help_text=_("Empty: as their segment pays."),
    )
    ceiling = forms.IntegerField(
        label=_("Seat ceiling"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text=_("Up to how many they grow online, alone. Empty: twice the seats sold, or what the plan sells."),
    )
    wording = forms.CharField(
        label=_("Clause of its own"), required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Why something of it is not the catalog's. For us; the customer does not see it."),
    )
    approver_email = forms.EmailField(label=_("Sent to"), help_text=_("Gets the quote's link by mail."))
    addressed_to = forms.CharField(label=_("Attention of"), required=False, max_length=120)
    purchase_order = forms.CharField(label=_("Purchase order"), required=False, max_length=purchase_orders.LONGEST)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Printed below the heading."),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currencies.held(organization) or organization.currency or "usd"
        lines = [line for line in catalog.on_sale().lines if line.plans]
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        plan.choices = [
            (f"{line.code}/{one.code}", f"{catalog.text(line.name)} {one.name}") for line in lines for one in line.plans
        ]
        for line in lines:
            for addon in line.addons:
                name, label = f"{ADDON}{line.code}-{addon.code}", catalog.text(addon.name)
                if addon.is_per_seat:
                    self.fields[name] = forms.BooleanField(label=label, required=False)
                else:
                    most = addon.quantity_max
                    self.fields[name] = forms.IntegerField(label=label, required=False, min_value=0, max_value=most)

    @property
    def addon_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(ADDON)]

    def wanted(self) -> Wanted:
        """What it says, once valid."""
        said = self.cleaned_data
        line, _slash, code = said["plan"].partition("/")
        plan = Plan.objects.select_related("line").get(line__code=line, code=code)
        prefix = f"{ADDON}{line}-"
        chosen = {name.removeprefix(prefix): value for name, value in said.items() if name.startswith(prefix) and value}
        return Wanted(
            plan=plan,
            seats=said["seats"],
            interval=said["interval"],
            term_months=said["term_months"],
            approver_email=said["approver_email"],
            nonce=said["nonce"],
            addons={code: None if value is True else int(value) for code, value in chosen.items()},
            discount_bps=int((said["discount"] or Decimal(0)) * 100),
            net_days=said["net_days"] or 0,
            ceiling=said["ceiling"] or 0,
            begins_on=said["begins_on"],
            **{name: said[name] for name in ("wording", "reason", "purchase_order", "addressed_to", "note")},
        )


class CustomerForm(forms.Form):
    """A company that is no customer yet."""

    name = forms.CharField(label=_("Company"), max_length=120)
    country = forms.ChoiceField(label=_("Country"))
    employee_bracket = forms.ChoiceField(label=_("Employees"), choices=EmployeeBracket.choices)
    domain = forms.CharField(label=_("Domain"), max_length=120, required=False)
    contact_name = forms.CharField(label=_("Contact"), max_length=120, required=False)
    contact_email = forms.EmailField(label=_("Their e-mail address"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)
        country.choices = places.countries()


def of_lead(lead: Lead) -> dict[str, Any]:
    """What a first version begins with: the cart at the click, and whom it is for."""
    basket = lead.basket
    return {
        "nonce": uuid.uuid4().hex,
        "plan": basket.get("plan", ""),
        "seats": basket.get("seats"),
        "interval": basket.get("interval", "year"),
        "term_months": rules.TERMS[0],
        "approver_email": lead.contact_email,
        "addressed_to": lead.contact_name,
        **_addons(str(basket.get("plan", "")).partition("/")[0], lead.cart.addons if lead.cart else {}),
    }


def of_version(version: DealVersion) -> dict[str, Any]:
    """What the next version begins with: this one."""
    kept = ("seats", "interval", "term_months", "begins_on", "wording", "reason", "approver_email", "addressed_to")
    return {
        **{name: getattr(version, name) for name in (*kept, "purchase_order", "note")},
        "nonce": uuid.uuid4().hex,
        "plan": f"{version.plan.line.code}/{version.plan.code}",
        "discount": Decimal(version.discount_bps) / 100 if version.discount_bps else None,
        "net_days": version.net_days or None,
        "ceiling": version.ceiling or None,
        **_addons(version.plan.line.code, version.addons),
    }


def _addons(line: str, chosen: dict[str, int | None]) -> dict[str, Any]:
    return {f"{ADDON}{line}-{code}": True if number is None else number for code, number in chosen.items()}
