"""A pause that was over, whose subscription could not go on by itself: said by mail, and looked at again."""

from datetime import datetime, timedelta
from typing import Final

from billing.models import CommandState, Pause, PauseState, StripeCommand
from billing.services.books import leaving_mails

# The idempotency key of a resumption that nobody clicked: this, the pause, and which try it is.
PREFIX: Final = "pause"
SOON: Final = timedelta(minutes=1)


def key(pause: Pause) -> str:
    return f"{PREFIX}:{pause.pk}:{pause.tries}"


def tell(command: StripeCommand, why: str, at: datetime) -> None:
    """Call in the transaction that ends the command. Nothing for a resumption that somebody clicked: the page says it."""
    prefix, _colon, rest = command.idempotency_key.partition(":")
    if prefix != PREFIX:
        return
    rows = Pause.objects.select_for_update(of=("self",)).select_related("subscription__organization__customer")
    pause = rows.filter(pk=int(rest.partition(":")[0]), state=PauseState.ON).first()
    if pause is None:
        return
    pause.message = why[:300]
    is_declined = command.state == CommandState.DECLINED
    if is_declined or pause.due_at is None:
        leaving_mails.pause_stays(pause.subscription, pause, due_minor=command.payload["due_minor"], at=at)
    else:  # the amount had moved since it was asked for
        pause.due_at = at + SOON
    pause.save(update_fields=["message", "due_at"])
