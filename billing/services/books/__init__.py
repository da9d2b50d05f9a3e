"""What stands in our own rows: the ledger, the lines, trials, pilots, tax, and their projection onto Stripe's schedule."""
