"""Stripe's signature: good within five minutes to either side, under any valid secret, for these bytes alone."""

import hashlib
import hmac

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import webhook_signatures

NOW = 1_767_225_600
SECRET = "whsec_rules"


def sign(body, *, at=NOW, secret=SECRET):
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def check(body, header, **changed):
    webhook_signatures.check(body, header, **({"secret": SECRET, "now_seconds": NOW} | changed))


@given(body=st.binary(max_size=200))
def test_any_bytes_hold_under_their_own_signature_and_no_other_bytes_do(body):
    header = f"t={NOW},v1={sign(body)}"
    check(body, header)
    with pytest.raises(webhook_signatures.BadSignatureError, match="no v1"):
        check(body + b" ", header)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_stripe_python_signs_holds(text):
    check(text.encode(), stripe.WebhookSignature.generate_signature_header(text, SECRET, NOW))


def test_after_a_change_of_secrets_either_signature_holds():
    body = b"{}"
    other = sign(body, secret="whsec_older")
    check(body, f"t={NOW},v1={other},v1={sign(body)}")
    check(body, f"t={NOW},v1={sign(body)},v1={other}")
    check(body, f"t={NOW}, v1={sign(body)}, v0=anything")


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "no time"),
        ("t=,v1=", "no time"),
        ("v1=" + sign(b"{}"), "no time"),
        (f"t={NOW}", "no v1"),
        (f"t={NOW},v0={sign(b'{}')}", "no v1"),
        (f"t={NOW},v1=", "no v1"),
        (f"t={NOW},v1=\u00df", "no v1"),
        (f"t={NOW},v1={sign(b'{}').upper()}", "no v1"),
        (f"t={NOW},v1={sign(b'{}', at=NOW - 1)}", "no v1"),
        (f"t={NOW},t={NOW},v1={sign(b'{}')}", "more than one"),
        (f"t=-{NOW},v1={sign(b'{}')}", "no time"),
        ("t=" + "9" * 5000 + ",v1=x", "no time"),
        ("t=\u0661\u0662,v1=x", "no time"),
        (f"t={NOW - 301},v1={sign(b'{}', at=NOW - 301)}", "five minutes"),
        (f"t={NOW + 301},v1={sign(b'{}', at=NOW + 301)}", "five minutes"),
    ],
)
def test_all_else_is_refused(header, why):
    with pytest.raises(webhook_signatures.BadSignatureError, match=why):
        check(b"{}", header)


@pytest.mark.parametrize("shift", [-300, 0, 300])
def test_the_edges_of_the_tolerance_hold(shift):
    check(b"{}", f"t={NOW + shift},v1={sign(b'{}', at=NOW + shift)}")


@pytest.mark.parametrize("secret", ["", "  "])
def test_an_empty_secret_signs_nothing(secret):
    with pytest.raises(webhook_signatures.BadSignatureError, match="no webhook secret"):
        check(b"{}", f"t={NOW},v1={sign(b'{}', secret=secret)}", secret=secret)
