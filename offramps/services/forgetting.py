"""What off-ramps forget of a person who deletes the account: how to reach them. That somebody asked, and for what, stays."""

from django.db.models import TextField, Value
from django.db.models.functions import Cast, Concat

from offramps.models import DealVersion, HandRaise, Lead


def forget(*, user_id: int, email: str) -> int:
    """Blank name, address, phone number and free text in the person's requests, leads and deals. Returns in how many requests.

    `email` also finds requests made before signing in. Call inside the transaction of the deletion.
    """
    nobody = {"contact_name": "", "contact_phone": ""}
    leads = Lead.objects.filter(user_id=user_id) | Lead.objects.filter(contact_email__iexact=email)
    # Two addresses of one person may each have an open lead of a topic: they stay apart.
    leads.update(
        **nobody,
        contact_email=Concat(
            Value(f"deleted-{user_id}-"), Cast("pk", TextField()), Value("@deleted.invalid"), output_field=TextField()
        ),
    )
    sent = DealVersion.objects.filter(approver_email__iexact=email)
    sent.update(addressed_to="", approver_email=f"deleted-{user_id}@deleted.invalid")
    theirs = HandRaise.objects.filter(user_id=user_id) | HandRaise.objects.filter(contact_email__iexact=email)
    return theirs.update(**nobody, contact_email=f"deleted-{user_id}@deleted.invalid", answers={})
