"""Whether Stripe signed a webhook: HMAC-SHA256 over its time and its bytes, under the endpoint's secret.

Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
"""

import hmac
from typing import Final

TOLERANCE_SECONDS: Final = 300
"""How far the time in a signature may be from now, to either side."""

MOST_DIGITS = 12


class BadSignatureError(Exception):
    """The signature is missing, wrong, stale or from the future; the text says which."""


def check(body: bytes, signature: str, *, secret: str, now_seconds: float) -> None:
    """`signature` is the header `t=<epoch seconds>,v1=<hex>,...`; after a change of secrets it has one v1 for each.

    stripe-python checks only that a time is not too old; one from the future would be good for ever. Raises BadSignatureError.
    """
    if not secret.strip():
        raise BadSignatureError("no webhook secret is set: without one, nothing can be signed")
    parts = [part.strip().partition("=") for part in signature.split(",")]
    stamps = [value for name, _equals, value in parts if name == "t"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdecimal() and len(stamps[0]) <= MOST_DIGITS):
        raise BadSignatureError("the header has no time, or more than one")
    if abs(now_seconds - int(stamps[0])) > TOLERANCE_SECONDS:
        raise BadSignatureError("the time is more than five minutes from now")
    expected = hmac.digest(secret.encode(), stamps[0].encode() + b"." + body, "sha256").hex().encode()
    # All are compared, each in constant time: how long it takes says nothing about how much was right.
    good = [hmac.compare_digest(expected, value.encode()) for name, _equals, value in parts if name == "v1"]
    if not any(good):
        raise BadSignatureError("no v1 signature is of this body and secret")
