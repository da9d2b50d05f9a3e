"""What is wrong with a tax id, in words."""

from django.utils.translation import gettext as _

from billing.rules import tax_ids


def remedy(error: tax_ids.UnfitError) -> str:
    """What is wrong with a number, and what to do."""
    example = error.form.example if error.form else ""
    said = {
        "prefix": _("This number is of another country than the kind you chose. Choose the country that gave it to you."),
        "length": _("The number has too many or too few characters. It looks like %(example)s."),
        "characters": _("The number has letters or digits where none belong. It looks like %(example)s."),
        "digits": _("The number's check digit does not fit: a digit is mistyped or two are swapped. Compare it again."),
        "kind": _("We do not know this kind of id for the country. Choose another, or write to us."),
    }[error.fault]
    return said % {"example": example}
