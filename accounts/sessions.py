"""Sessions in the database, as Django keeps them, but read by a written-out statement: every signed-in page begins with it."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.queries import rows

SESSION = rows.part(Session, "s")
FIND = f'SELECT {SESSION.columns} FROM "django_session" s WHERE s.session_key = %s AND s.expire_date > %s'  # noqa: S608 - own names


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        found = rows.fetch(FIND, (self.session_key, timezone.now()))
        if found:
            return SESSION.take(found[0])
        self._session_key = None
        return None
