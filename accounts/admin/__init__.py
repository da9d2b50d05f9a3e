"""The admin of accounts: read-mostly; what can be done there calls the same services as the pages do."""

from accounts.admin import keys, mails, organizations, people, policies, records, recovery

__all__ = ["keys", "mails", "organizations", "people", "policies", "records", "recovery"]
