"""Where allauth asks the house: what a sign-up means here."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-ups are open; mails go through the outbox (accounts.emails)."""
