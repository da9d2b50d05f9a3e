"""What a mail server's refusal says: that the mailbox is not there, or that it dislikes the mail, the sender or the moment.

Source: RFC 3463 (enhanced status codes) and RFC 5321 section 4.2. Only the first kind ends the writing to an address: a refusal
for policy or relaying, taken for a dead mailbox, would silence everybody at once.
"""

import re

ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
# Bad mailbox address or domain, moved without forwarding, mailbox disabled.
DEAD = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}
PLAIN_CODES = {550, 551, 553}
NOT_THE_MAILBOX = (
    "relay",
    "spam",
    "block",
    "policy",
    "reputation",
    "denied",
    "dmarc",
    "spf",
    "dkim",
    "listed",
    "quota",
    "full",
)


def is_dead_mailbox(code: int, text: str) -> bool:
    """Whether the answer to RCPT TO, `code` and its words, means that nobody reads this address, now or later."""
    if not 500 <= code < 600:
        return False
    if found := ENHANCED.search(text):
        return (int(found[1]), int(found[2])) in DEAD
    return code in PLAIN_CODES and not any(word in text.lower() for word in NOT_THE_MAILBOX)
