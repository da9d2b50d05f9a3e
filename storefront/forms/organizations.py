"""What an organization is asked about itself."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import EmployeeBracket, Industry, Organization, Region, User
from accounts.queries import places
from accounts.rules import domains
from accounts.services import organizations


class OrganizationForm(forms.Form):
    """Name, country and size; where the organization is sold to and its time zone follow from the country unless said."""

    name = forms.CharField(
        label=_("Company name"),
        max_length=120,
        help_text=_("As it should stand on invoices."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    domain = forms.CharField(
        label=_("Website"),
        max_length=253,
        required=False,
        help_text=_("For example acme.example."),
        widget=forms.TextInput(attrs={"autocomplete": "url", "inputmode": "url", "spellcheck": "false"}),
    )
    country = forms.ChoiceField(label=_("Country"), widget=forms.Select(attrs={"autocomplete": "country"}))
    employee_bracket = forms.ChoiceField(
        label=_("People in the company"), choices=[("", _("Choose")), *EmployeeBracket.choices]
    )
    industry = forms.ChoiceField(label=_("Industry"), choices=[("", _("Not said")), *Industry.choices], required=False)
    region = forms.ChoiceField(label=_("Region"), choices=[("", _("By country")), *Region.choices], required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("In which dates and times are shown to everybody in the organization."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # mypy: this kind of field has it.
        self.fields["country"].choices = [("", _("Choose")), *places.countries()]  # type: ignore[attr-defined]
        # mypy: this kind of field has it.
        self.fields["time_zone"].choices = [("", _("By country")), *places.time_zones()]  # type: ignore[attr-defined]

    def details(self, locale: str) -> organizations.Details:
        """What was typed, once the form is valid."""
        return organizations.Details(**self.cleaned_data, locale=locale)


def first_guess(user: User, languages: str) -> dict[str, str]:
    """What a new organization's form starts with: the domain and a name from a work address, the country from the browser.

    `languages` is the Accept-Language header: "en-GB,en;q=0.9" suggests GB, a bare "de" nothing.
    """
    domain = domains.of_work_address(user.email)
    known = {code for code, _name in places.countries()}
    asked = [part.split(";")[0].strip() for part in languages.split(",")]
    regions = [language.rpartition("-")[2].upper() for language in asked if "-" in language]
    country = next((region for region in regions if region in known), "")
    return {"domain": domain, "name": domains.name_from(domain), "country": country}


def present(organization: Organization) -> dict[str, str]:
    """The values a settings form starts with."""
    names = ("name", "domain", "country", "employee_bracket", "industry", "region", "time_zone")
    return {name: getattr(organization, name) for name in names}
