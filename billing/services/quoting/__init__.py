"""Standard quotes: a cart or a change as a numbered document, held until a day, and accepted by whoever approves."""
