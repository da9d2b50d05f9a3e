"""How a hand-raise stands, in one statement: its page asks every second or two."""

from accounts.queries import rows
from offramps.rules.progress import Progress

# The call of a hand-raise: the latest of its lead that was not over when somebody asked again.
_ONE = """
SELECT h.state, h.closed_at, h.answer_on, h.reason, h.contact_email, h.user_id, l.time_zone, l.channel, l.contact_phone,
       c.public_id, c.state, c.clicked_at, c.deadline_at, c.accepted_at, c.contacted_at, c.is_dated, c.is_offered_on,
       c.missed_because, coalesce(nullif(split_part(cu.name, ' ', 1), ''), split_part(cu.email, '@', 1)), cr.meeting_url,
       (SELECT count(*) FROM offramps_offer o WHERE o.countdown_id = c.id AND o.outcome IN ('passed', 'declined')),
       EXISTS (SELECT 1 FROM offramps_offer o WHERE o.countdown_id = c.id AND o.outcome = ''),
       s.public_id, s.state, s.starts_at, s.ends_at,
       coalesce(nullif(split_part(su.name, ' ', 1), ''), split_part(su.email, '@', 1)), sr.meeting_url,
       (SELECT count(*) FROM offramps_callslot m WHERE m.countdown_id = c.id AND m.state = 'missed')
  FROM offramps_handraise h
  LEFT JOIN offramps_leadtrigger t ON t.hand_raise_id = h.id
  LEFT JOIN offramps_lead l ON l.id = t.lead_id
  LEFT JOIN LATERAL (
        SELECT * FROM offramps_countdown n
         WHERE n.lead_id = l.id
           AND (n.clicked_at >= h.raised_at OR n.state IN ('ringing', 'accepted', 'slot') OR n.contacted_at >= h.raised_at
                OR EXISTS (SELECT 1 FROM offramps_callslot e WHERE e.countdown_id = n.id AND e.ended_at >= h.raised_at))
         ORDER BY n.id DESC LIMIT 1) c ON true
  LEFT JOIN offramps_rep cr ON cr.id = c.rep_id
  LEFT JOIN accounts_user cu ON cu.id = cr.user_id
  LEFT JOIN LATERAL (SELECT * FROM offramps_callslot d WHERE d.countdown_id = c.id ORDER BY d.id DESC LIMIT 1) s ON true
  LEFT JOIN offramps_rep sr ON sr.id = s.rep_id
  LEFT JOIN accounts_user su ON su.id = sr.user_id
 WHERE h.public_id = %s
"""
NAMES = tuple(Progress.__dataclass_fields__)


def of(public_id: str) -> Progress | None:
    """The hand-raise that a link names. One query."""
    found = rows.fetch(_ONE, [public_id])
    if not found:
        return None
    said = {name: value for name, value in zip(NAMES, found[0], strict=True) if value is not None}
    return Progress(**{"closed_at": None, "maker": None, "zone": "UTC", "channel": "mail", "phone": "", **said})
