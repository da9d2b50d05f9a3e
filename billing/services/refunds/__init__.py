"""Money back: refunds, credits and credit notes."""
