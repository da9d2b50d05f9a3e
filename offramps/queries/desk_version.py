"""What a rep's desk shows, as one short text: the same text, the same desk. One query, for looking each two seconds."""

import hashlib
from datetime import datetime

from accounts.queries import rows
from offramps.models import Rep

# A row for each thing that the desk draws, with what of it is drawn.
STATEMENT = """
    SELECT concat_ws(':', 'rep', presence, presence_at, presence_cause) FROM offramps_rep WHERE id = %(rep)s
    UNION ALL
    SELECT concat_ws(':', 'test', id, rung_at, heard_at, rung_at > %(at)s - interval '30 seconds') FROM offramps_ringtest
    WHERE rep_id = %(rep)s AND "on" >= %(at)s::date - 1
    UNION ALL
    SELECT concat_ws(':', 'offer', id) FROM offramps_offer WHERE rep_id = %(rep)s AND outcome = '' AND until_at > %(at)s
    UNION ALL
    SELECT concat_ws(':', 'call', id, deadline_at) FROM offramps_countdown
    WHERE rep_id = %(rep)s AND contacted_at IS NULL AND accepted_at IS NOT NULL AND state <> 'over'
    UNION ALL
    SELECT concat_ws(':', 'slot', id) FROM offramps_callslot WHERE rep_id = %(rep)s AND state = 'held'
    UNION ALL
    SELECT concat_ws(':', 'lead', id, rep_id, priority, (
        SELECT concat_ws(':', step.id, step.due_at < %(at)s) FROM offramps_nextstep step
        WHERE step.lead_id = offramps_lead.id AND step.done_at IS NULL
    ), EXISTS (
        SELECT 1 FROM offramps_countdown held WHERE held.lead_id = offramps_lead.id AND held.state = 'ringing'
    )) FROM offramps_lead
    WHERE state = 'open' AND (
        rep_id = %(rep)s
        OR rep_id IS NULL AND pool_id IN (SELECT pool_id FROM offramps_poolmember WHERE rep_id = %(rep)s)
    )
"""


def version(rep: Rep, at: datetime, *more: str) -> str:
    """A short id of what the desk shows at `at`; `more` is what else its looks depend on (language)."""
    found = sorted(str(row[0]) for row in rows.fetch(STATEMENT, {"rep": rep.pk, "at": at}))
    return hashlib.sha256("\n".join((*more, *found)).encode()).hexdigest()[:20]
