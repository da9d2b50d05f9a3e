"""The admin of accounts: read-mostly; what can be done there calls the same services as the pages do."""

from accounts.admin import asking, keys, mails, organizations, people, policies, records, recovery, viewing, webhooks

__all__ = ["asking", "keys", "mails", "organizations", "people", "policies", "records", "recovery", "viewing", "webhooks"]
