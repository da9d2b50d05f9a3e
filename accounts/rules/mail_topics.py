"""Which mail is about what, and what of it somebody may stop.

Money, security, ownership and answers to one's own request always go out: no topic, no List-Unsubscribe. A kind that is not
named here is one of them, so that nothing that matters can be switched off by an oversight.
"""

from enum import StrEnum

from accounts.rules.policy import N_


class Topic(StrEnum):
    INVITATIONS = "invitations"
    TEAM = "team"
    SEATS = "seats"
    CARTS = "carts"


TOPIC_OF = {
    "accounts/invitation": Topic.INVITATIONS,
    "accounts/welcome": Topic.TEAM,
    "accounts/join_asked": Topic.TEAM,
    "accounts/member_joined": Topic.TEAM,
    "accounts/seat_asked": Topic.SEATS,
    "billing/cart_reminder": Topic.CARTS,
    "billing/seat_assigned": Topic.SEATS,
}
# Somebody at the screen has just asked for these, and each proves that its reader has the mailbox: sent even to an address that
# has bounced, because nobody else can mend that.
ASKED_FOR_NOW = frozenset(
    {
        "accounts/verification",
        "accounts/login_code",
        "accounts/password_reset",
        "accounts/address_check",
        "accounts/contact_check",
    }
)
LABELS = {
    Topic.INVITATIONS: N_("Invitations to organizations"),
    Topic.TEAM: N_("People who join or ask to join"),
    Topic.SEATS: N_("Seats given and asked for"),
    Topic.CARTS: N_("Reminders of carts"),
}
HINTS = {
    Topic.INVITATIONS: N_("From whoever types your address, from any organization."),
    Topic.TEAM: N_("Who has come, and requests that wait for you. They are on the team page, too."),
    Topic.CARTS: N_("Once for a cart, and only where you ticked that you want it."),
    Topic.SEATS: N_("That a seat is yours, and requests of members. They are on the seats page, too."),
}


def topic_of(kind: str) -> Topic | None:
    """What the mail is about, if one may stop it; None for what always goes out."""
    return TOPIC_OF.get(kind)


def is_everywhere(topic: Topic) -> bool:
    """Whether a choice counts for every organization: who invites is not known before."""
    return topic is Topic.INVITATIONS


def is_money(kind: str) -> bool:
    """Mails about money go to somebody else when their reader can't be reached."""
    return kind.startswith("billing/") and topic_of(kind) is None
