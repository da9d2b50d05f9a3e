"""Inviting many at once; a member's role; who gets the ownership."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role
from accounts.rules import addresses

LARGEST_FILE = 256 * 1024


class InviteForm(forms.Form):
    """Addresses by paste or file, a role and whether each gets a seat. `emails` holds the addresses, in order."""

    addresses = forms.CharField(
        label=_("E-mail addresses"),
        required=False,
        help_text=_("One a line, or separated by commas. Names as in “Ada Example &lt;ada@acme.example&gt;” are fine."),
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or a CSV file"),
        required=False,
        help_text=_("The first cell with an address counts in each row."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)
    with_seat = forms.BooleanField(label=_("Give each a seat while there are free ones"), required=False, initial=True)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # mypy: this kind of field has it.
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def clean_file(self) -> str:
        """The file's text."""
        file: UploadedFile | None = self.cleaned_data.get("file")
        if file is None:
            return ""
        if file.size is None or file.size > LARGEST_FILE:
            raise forms.ValidationError(_now("The file is larger than 256 KB. Send it in parts."))
        data: bytes = file.read()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        found = addresses.split(cleaned.get("addresses", "")) + addresses.split(cleaned.get("file") or "")
        if not found and "file" not in self.errors:
            raise forms.ValidationError({"addresses": _now("Enter at least one address, or choose a file.")})
        cleaned["emails"] = found
        return cleaned


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class OwnershipForm(forms.Form):
    """Which member becomes the owner."""

    member = forms.ModelChoiceField(
        queryset=Membership.objects.none(), label=_("New owner"), widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Membership.objects.live().filter(organization=membership.organization).exclude(pk=membership.pk)
        field = self.fields["member"]
        # mypy: this kind of field has it.
        field.queryset = others.select_related("user", "organization").order_by("user__name", "user__email")  # type: ignore[attr-defined]
        field.label_from_instance = _name_and_address  # type: ignore[attr-defined] # this kind of field has it
        self.has_others = others.exists()


def _name_and_address(membership: Membership) -> str:
    user = membership.user
    return f"{user.name} ({user.email})" if user.name else user.email
