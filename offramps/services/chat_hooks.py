"""Where a rep's or a pool's offers are said as messages: an incoming webhook of Slack, or of what understands its format."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import webhook_calls
from accounts.origin import Origin
from accounts.queries import webhook_words
from accounts.rules.webhook_targets import RefusedTarget
from accounts.services import journal, sealing
from offramps.models import ChatHook, Pool, Rep

PURPOSE = b"storefront chat addresses"


def connect(to: Rep | Pool, *, url: str, at: datetime, origin: Origin) -> None:
    """From the next offer on messages go to `url`, in place of another; none with an empty one. Raises ValidationError."""
    said = url.strip()
    whose: dict[str, Any] = {"rep": to} if isinstance(to, Rep) else {"pool": to}
    host = _host(said) if said else ""
    with transaction.atomic(durable=True):
        ChatHook.objects.filter(**whose).delete()
        if said:
            ChatHook.objects.create(**whose, sealed=sealing.seal(said, PURPOSE), host=host, created_at=at)
        kind = "offramps.rep.chat_set" if isinstance(to, Rep) else "offramps.pool.chat_set"
        name = {"rep": to.public_id} if isinstance(to, Rep) else {"pool": to.name}
        journal.append(kind=kind, organization=None, at=at, origin=origin, data={**name, "host": host})


def _host(url: str) -> str:
    try:
        target, _addresses = webhook_calls.look_at(url)
    except RefusedTarget as error:
        raise ValidationError({"url": webhook_words.refusal(error.refusal)}) from error
    return target.host
