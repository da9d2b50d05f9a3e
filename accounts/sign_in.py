"""Who is signed in: allauth's backend, reading the person by a written-out statement, as every signed-in page does."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend

from accounts.models import User
from accounts.queries import rows

USER = rows.part(User, "u")
FIND = f"SELECT {USER.columns} FROM accounts_user u WHERE u.id = %s"  # noqa: S608 - our own names


class AuthenticationBackend(AllauthBackend):
    def get_user(self, user_id: Any) -> User | None:
        found = rows.fetch(FIND, (user_id,))
        user = USER.take(found[0]) if found else None
        return user if user is not None and self.user_can_authenticate(user) else None
