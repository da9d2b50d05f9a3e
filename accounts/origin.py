"""Who did something, and from where: the one argument that every writing verb takes beside `at`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from accounts.models import User


class Source(StrEnum):
    PAGE = "page"
    API = "api"
    ADMIN = "admin"
    STRIPE = "stripe"
    SCHEDULE = "schedule"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """`actor` is None for programs; `request_id` ties rows, logs and lanes together."""

    actor: User | None = None
    source: Source = Source.SYSTEM
    request_id: str = ""

    @classmethod
    def system(cls, request_id: str = "") -> Self:
        return cls(source=Source.SYSTEM, request_id=request_id)

    @classmethod
    def stripe(cls) -> Self:
        """What Stripe told us: of nobody's click here."""
        return cls(source=Source.STRIPE)
