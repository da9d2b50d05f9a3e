"""Whoever is asked about works with the product: the day is kept on their seat, which tells idle seats from used ones."""

from collections.abc import Collection
from datetime import date
from typing import Final

import structlog
from django.db import DatabaseError, connection, transaction

log = structlog.get_logger(__name__)

# A row that somebody is changing is passed over: the next check comes soon, and none waits.
NOTE: Final = """
UPDATE billing_seatassignment SET last_seen_on = %(on)s WHERE id IN (
    SELECT id FROM billing_seatassignment WHERE id = ANY(%(seats)s) AND last_seen_on IS DISTINCT FROM %(on)s::date
    FOR NO KEY UPDATE SKIP LOCKED)
"""


def note(seats: Collection[int], on: date) -> None:
    """The holders of these seats were seen on a day. Call it for those not noted today yet: one write a day and seat.

    A check is answered whether or not this can be written.
    """
    if not seats:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(NOTE, {"seats": list(seats), "on": on})
    except DatabaseError as error:
        log.warning("seat_not_seen", error=type(error).__name__)
