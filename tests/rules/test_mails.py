"""Which mails may be stopped, and what a mail server's refusal means."""

from pathlib import Path

import pytest

from accounts.rules import mail_refusals, mail_topics
from accounts.rules.mail_topics import Topic

EMAILS = Path(__file__).resolve().parents[2] / "templates" / "emails"
KINDS = {path.relative_to(EMAILS).as_posix().removesuffix(".subject.txt") for path in EMAILS.rglob("*.subject.txt")}


def test_the_register_names_mails_that_exist():
    assert set(mail_topics.TOPIC_OF) <= KINDS
    assert mail_topics.ASKED_FOR_NOW <= KINDS
    assert set(mail_topics.LABELS) == set(mail_topics.HINTS) == set(Topic)


@pytest.mark.parametrize(
    "kind",
    ["billing/receipt", "billing/payment_failed", "billing/cancellation", "accounts/password_changed", "accounts/login_code"],
)
def test_money_and_security_can_t_be_stopped(kind):
    assert kind in KINDS
    assert mail_topics.topic_of(kind) is None


def test_only_mails_about_money_go_to_somebody_else():
    assert mail_topics.is_money("billing/receipt")
    assert not mail_topics.is_money("billing/seat_assigned")
    assert not mail_topics.is_money("accounts/login_code")


@pytest.mark.parametrize(
    ("code", "text", "is_dead"),
    [
        (550, "5.1.1 user unknown", True),
        (550, "5.2.1 mailbox disabled", True),
        (550, "No such user here", True),
        (550, "5.7.1 relaying denied", False),
        (554, "5.7.1 message looks like spam", False),
        (550, "Blocked by policy", False),
        (552, "5.2.2 mailbox full", False),
        (450, "4.2.0 try again later", False),
        (550, "4.1.1 odd but 5.7.26 unauthenticated", False),
    ],
)
def test_a_refusal_is_read_for_what_it_is(code, text, is_dead):
    assert mail_refusals.is_dead_mailbox(code, text) is is_dead
