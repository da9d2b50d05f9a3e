"""The product's pages, as text. Each value is escaped where it is put in."""

import uuid
from collections.abc import Sequence
from html import escape
from pathlib import Path

from sample.people import Person
from sample.told import Told

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")

# What the product can do, by the catalog's codes.
FEATURES = (
    ("notes", "Notes", "Write what you see, with photos and sketches."),
    ("dictation", "Dictation", "Speak instead of typing; forms fill themselves."),
    ("projects", "Projects", "Keep sites apart, each with its crew."),
    ("reports", "Reports", "Send what you found to whoever has to know."),
    ("templates", "Own templates", "Reports that look like yours."),
    ("api", "API and webhooks", "Connect your own systems."),
    ("sso", "Single sign-on", "Your company's sign-in, for everybody."),
)
REASONS = {
    "not_in_plan": "Not part of your plan.",
    "no_subscription": "Your company has no plan yet.",
    "read_only": "It is paused: look at everything, and go on in the store.",
    "paused": "It is paused. Go on in the store.",
    "subscription_suspended": "The subscription waits for a payment.",
    "not_a_member": "You are not a member of this company in the store.",
    "no_seat": "You have no seat yet. Ask whoever manages your plan.",
}
MANAGES = {"owner", "billing_admin"}


def page(product: str, title: str, body: str, end: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} - {escape(product)}</title><style>{STYLE}</style></head><body>"
        f"<header><strong>{escape(product)}</strong>{end}</header><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def sign_in(product: str, people: list[Person]) -> str:
    rows = "".join(
        f'<form method="post" action="/sign-in/"><button class="who" name="email" value="{escape(one.email)}">'
        f"{escape(one.name)}<span>{escape(one.organization_name)}, {escape(one.role.replace('_', ' '))}</span></button></form>"
        for one in people
    )
    text = "This stands for your own product: it has its own users, and asks the store what they may use. Who are you today?"
    return page(product, "Sign in", f'<p>{text}</p><div class="grid">{rows}</div>')


def workplace(product: str, who: Person, said: dict[str, dict[str, object]], note: str = "", told: Sequence[Told] = ()) -> str:
    """The page behind the sign-in: a card for each feature, open or locked, and the way to the store."""
    buttons = '<form method="post" action="/sign-out/"><button>Sign out</button></form>'
    if who.role in MANAGES:
        buttons = '<form method="post" action="/billing/"><button class="primary">Manage billing</button></form>' + buttons
    notes = f'<p class="note" role="status">{escape(note)}</p>' if note else ""
    cards = "".join(_card(name, text, said.get(code, {}), who) for code, name, text in FEATURES)
    hello = f"<p>{escape(who.name)} at {escape(who.organization_name)}</p>"
    return page(product, "Your work", f'{hello}{notes}<div class="grid">{cards}</div>{_told(told)}', buttons)


def _told(events: Sequence[Told]) -> str:
    """What the store told us by webhooks of this company."""
    if not events:
        return ""
    rows = "".join(
        f"<li><code>{escape(one.kind)}</code> <time>{escape(one.at[:16].replace('T', ' '))}</time></li>" for one in events
    )
    return f'<section class="told"><h2>Told by the store</h2><ul>{rows}</ul></section>'


def _amount(said: dict[str, object]) -> str:
    """How much of it may be used, and of what is metered how much was."""
    limit, used = said.get("limit"), said.get("used")
    if isinstance(used, int):
        return f" {used:,} of {limit:,} sent." if isinstance(limit, int) else f" {used:,} sent."
    return f" Up to {limit:,}." if isinstance(limit, int) else ""


def _report() -> str:
    """The key is made with the page, so that two clicks on one button send and count one report."""
    key = uuid.uuid4().hex
    return (
        f'<form method="post" action="/reports/"><input type="hidden" name="key" value="{key}">'
        "<button>Send a report</button></form>"
    )


def _card(name: str, text: str, said: dict[str, object], who: Person) -> str:
    if said.get("entitled"):
        act = _report() if said.get("feature") == "reports" else ""
        return f'<section class="card"><h2>{escape(name)}</h2><p>{escape(text)}{_amount(said)}</p>{act}</section>'
    why = REASONS.get(str(said.get("reason", "")), "Not known just now.")
    offer = ""
    if who.role in MANAGES and said.get("reason") in ("not_in_plan", "no_subscription"):
        offer = '<form method="post" action="/billing/?page=pricing"><button>See plans</button></form>'
    return f'<section class="card off"><h2>{escape(name)} (locked)</h2><p>{escape(why)}</p>{offer}</section>'
