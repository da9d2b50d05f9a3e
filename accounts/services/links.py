"""Signed links of mails: which row they are about, for one purpose. Until when they work, the row says."""

from django.core import signing

# Purposes: a token made for one opens nothing else.
MAIL_STOP, ADDRESS_CHECK, CONTACT, JOIN, SEAT = "mail-stop", "address-check", "contact", "join", "seat"
CONTACT_INVOICE, MISSING_PAYMENT, OPEN_INVOICE = "contact-invoice", "missing-payment", "open-invoice"
QUOTE = "quote"
CALL = "call"


def token(purpose: str, *ids: int) -> str:
    """A text for a URL that only this store can have made. It names rows by number, never a person."""
    return signing.Signer(salt=f"link:{purpose}").sign_object(list(ids))


def read(purpose: str, text: str) -> list[int] | None:
    """The ids in a token made for this purpose; None for anything else."""
    try:
        found = signing.Signer(salt=f"link:{purpose}").unsign_object(text)
    except (signing.BadSignature, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(item, int) for item in found) else None
