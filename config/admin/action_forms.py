"""What a list asks beside the choice of an action."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget


class Beside(ActionForm):
    """To inherit from, instead of unfold's own."""


class NoteForm(Beside):
    """`note`: why, or what a subclass asks for."""

    asked: str | Promise = _("Why")
    note = forms.CharField(
        label="",  # a word above would break the bar; the field is named by its aria-label
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget.attrs |= {"placeholder": self.asked, "aria-label": self.asked}
