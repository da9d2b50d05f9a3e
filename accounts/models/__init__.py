"""Who: the rows about people, organizations, roles, keys, and what happened."""

from accounts.models.api_key import VENDOR_SCOPES, ApiKey, ApiKeyKind, Scope
from accounts.models.contact import BillingContact
from accounts.models.entry import Entry
from accounts.models.invitation import Invitation, InvitationState
from accounts.models.journal import Journal, JournalCursor
from accounts.models.legal import Acceptance, LegalDocument
from accounts.models.mail import MailState, OutgoingMail
from accounts.models.mail_choice import MailStop, Suppression, SuppressionReason
from accounts.models.membership import Membership, Role
from accounts.models.merge import OrganizationMerge
from accounts.models.organization import (
    EmployeeBracket,
    Industry,
    Joining,
    Organization,
    OrganizationProfile,
    Region,
    Segment,
    Tier,
)
from accounts.models.policy import Policy
from accounts.models.recovery import OPEN_RECOVERIES, ClosedOrganization, OwnerRecovery, RecoveryState
from accounts.models.requests import JoinRequest, RequestState, SeatRequest
from accounts.models.user import User
from accounts.models.viewing import Viewing, ViewingEnd
from accounts.models.webhook import (
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
    WebhookStop,
    WebhookType,
)

__all__ = [
    "OPEN_RECOVERIES",
    "VENDOR_SCOPES",
    "Acceptance",
    "ApiKey",
    "ApiKeyKind",
    "BillingContact",
    "ClosedOrganization",
    "DeliveryState",
    "EmployeeBracket",
    "Entry",
    "Industry",
    "Invitation",
    "InvitationState",
    "JoinRequest",
    "Joining",
    "Journal",
    "JournalCursor",
    "LegalDocument",
    "MailState",
    "MailStop",
    "Membership",
    "Organization",
    "OrganizationMerge",
    "OrganizationProfile",
    "OutgoingMail",
    "OwnerRecovery",
    "Policy",
    "RecoveryState",
    "Region",
    "RequestState",
    "Role",
    "Scope",
    "SeatRequest",
    "Segment",
    "Suppression",
    "SuppressionReason",
    "Tier",
    "User",
    "Viewing",
    "ViewingEnd",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookSecret",
    "WebhookStop",
    "WebhookType",
]
