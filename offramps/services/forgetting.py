"""What off-ramps forget of a person who deletes the account: how to reach them. That somebody asked, and for what, stays."""

from offramps.models import HandRaise


def forget(*, user_id: int, email: str) -> int:
    """Blank name, address, phone number and free text in the person's requests. Returns in how many.

    `email` also finds requests made before signing in. Call inside the transaction of the deletion.
    """
    theirs = HandRaise.objects.filter(user_id=user_id) | HandRaise.objects.filter(contact_email__iexact=email)
    return theirs.update(contact_name="", contact_email=f"deleted-{user_id}@deleted.invalid", contact_phone="", answers={})
