"""What each role of an organization may do: one table, read by pages, API and templates."""

from enum import StrEnum

OWNER, BILLING_ADMIN, MEMBER = "owner", "billing_admin", "member"


class Permission(StrEnum):
    VIEW_MEMBER_HOME = "view_member_home"
    VIEW_BILLING = "view_billing"
    VIEW_INVOICES = "view_invoices"
    VIEW_TEAM = "view_team"
    BUY = "buy"
    CHANGE_SEATS = "change_seats"
    CANCEL = "cancel"
    CANCEL_NOW = "cancel_now"
    MANAGE_PAYMENT = "manage_payment"
    INVITE = "invite"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_ROLES = "manage_roles"
    TRANSFER_OWNERSHIP = "transfer_ownership"
    MANAGE_ORGANIZATION = "manage_organization"
    MANAGE_API_KEYS = "manage_api_keys"
    MANAGE_WEBHOOKS = "manage_webhooks"
    CLOSE_ORGANIZATION = "close_organization"


_MEMBER = frozenset({Permission.VIEW_MEMBER_HOME})
_BILLING_ADMIN = _MEMBER | {
    Permission.VIEW_BILLING,
    Permission.VIEW_INVOICES,
    Permission.VIEW_TEAM,
    Permission.BUY,
    Permission.CHANGE_SEATS,
    Permission.CANCEL,
    Permission.MANAGE_PAYMENT,
    Permission.INVITE,
    Permission.MANAGE_MEMBERS,
    Permission.MANAGE_WEBHOOKS,
}
MATRIX: dict[str, frozenset[Permission]] = {
    MEMBER: _MEMBER,
    BILLING_ADMIN: _BILLING_ADMIN,
    OWNER: frozenset(Permission),
}


def allows(role: str, permission: Permission) -> bool:
    """Whether `role` may do it; an unknown role may do nothing."""
    return permission in MATRIX.get(role, frozenset())


def roles_with(permission: Permission) -> list[str]:
    """The roles that may do it, the narrowest first: whom to ask."""
    return [role for role in (BILLING_ADMIN, OWNER, MEMBER) if allows(role, permission)]


def can_act_on(role: str, other: str) -> bool:
    """Whether a person of `role` may remove a person of role `other`: owners anybody, billing admins members only."""
    return allows(role, Permission.MANAGE_ROLES) or (allows(role, Permission.MANAGE_MEMBERS) and other == MEMBER)
