"""The Checkout page: what is bought on one side, the card form on the other."""

from typing import Any

from billing.sandbox import contract
from billing.sandbox.http import Response
from billing.sandbox.pages import amounts, banks, cards, layout, prices, reductions
from billing.sandbox.pages.markup import Child, Html, join, tag
from billing.sandbox.pages.words import Say

Obj = dict[str, Any]


def show(
    say: Say, merchant: str, session: Obj, entry: cards.Entry, failure: tuple[str, str] | None, *, country: str
) -> Response:
    """The open session. ``failure`` is what went wrong with the card and what to do."""
    status = 402 if failure else 400 if entry.wrong else 200
    return layout.page(
        say,
        _title(say, merchant, session),
        tag(
            "div",
            _summary(say, merchant, session, entry),
            _pay(say, merchant, session, entry, failure=failure, country=country),
            class_="split",
        ),
        reference=session["id"],
        wide=True,
        status=status,
        leads_to=(session["success_url"], session["cancel_url"]),
    )


def ended(say: Say, merchant: str, session: Obj, onward: str | None) -> Response:
    """A session that takes no more payment: complete or expired. ``onward`` is where the store wants the buyer next."""
    if session["status"] == "complete":
        words = tag("p", say("This checkout is complete. Nothing more is charged."))
        notice, link = layout.notice("good", say("Everything is paid"), words), say("Go on to {name}", name=merchant)
    else:
        words = tag("p", say("Nothing was charged. Go back and start again; what you chose is kept there."))
        notice, link = layout.notice("bad", say("This checkout has expired"), words), say("Back to {name}", name=merchant)
    button = tag("a", link, href=onward, class_="button primary wide") if onward else None
    title = _title(say, merchant, session)
    body = tag("div", tag("h1", title), notice, button, class_="stack")
    return layout.page(say, title, body, reference=session["id"], status=200 if session["status"] == "complete" else 410)


def _title(say: Say, merchant: str, session: Obj) -> str:
    if session["mode"] == "setup":
        is_card = session["payment_method_types"] == [banks.CARD]
        return say("Save a card") if is_card else say("Save how you pay")
    items = session["line_items"]["data"]
    return say("Subscribe to {name}", name=items[0]["description"] if len(items) == 1 else merchant)


def _money(say: Say, session: Obj, amount: int | None) -> str:
    return amounts.money(amount or 0, session["currency"] or "usd", say.language)


# What is bought


def _summary(say: Say, merchant: str, session: Obj, entry: cards.Entry) -> Html:
    back = session["cancel_url"]
    head: list[Child] = [
        tag("p", tag("a", "← ", say("Back to {name}", name=merchant), href=back)) if back else None,
        tag("h1", _title(say, merchant, session)),
    ]
    if session["mode"] == "setup":
        words = tag("p", say("It is charged for later invoices. Nothing is charged now."), class_="soft")
        return tag("section", *head, words, class_="stack")
    items = session["line_items"]["data"]
    return tag(
        "section",
        *head,
        tag("p", _money(say, session, _due(session)), class_="amount"),
        tag("h2", say("What you buy")),
        prices.lines(say, items),
        _sums(say, session),
        *_terms(say, session, items),
        _promotion(say, session, entry) if session["allow_promotion_codes"] else None,
        class_="stack",
    )


def _sums(say: Say, session: Obj) -> Html:
    parts = (session["total_details"] or {}).get("breakdown") or {"discounts": [], "taxes": []}
    on_top, within = reductions.taxes(say, parts["taxes"])
    amounts_off = reductions.discounts(say, parts["discounts"])
    gross = (session["amount_total"] or 0) - sum(amount for _, amount in (*amounts_off, *on_top))
    rows = [(say("Subtotal"), gross), *amounts_off, *on_top, *within]
    shown = [(words, _money(say, session, amount)) for words, amount in rows]
    if session["automatic_tax"]["status"] == "requires_location_inputs":
        shown.append((say("Tax"), say("after you choose your country")))
    if applied := session.get("balance_applied"):
        shown.append(
            (say("Paid from the credit") if applied > 0 else say("Owed from earlier invoices"), _money(say, session, -applied))
        )
    return prices.totals(shown, (say("Due today"), _money(say, session, _due(session))))


def _due(session: Obj) -> int:
    """What is charged today: credit is used first, a debt is collected along."""
    return int(session["amount_total"] or 0) - int(session.get("balance_applied") or 0)


def _terms(say: Say, session: Obj, items: list[Obj]) -> list[Child]:
    """What is charged later; in the store's own words (`custom_text`) where it knows better than its prices tell."""
    said = (session["custom_text"].get("submit") or {}).get("message")
    return [tag("p", said)] if said else [_trial(say, session), _renewal(say, session, items)]


def _trial(say: Say, session: Obj) -> Child:
    """When a trial ends, and what is charged then."""
    trial = session.get("trial")
    if not trial:
        return None
    ends, amount = amounts.day(trial["ends_at"], say.language), _money(say, session, trial["amount"])
    return tag("p", say("Free until {date}. Then {amount}.", date=ends, amount=amount))


def _renewal(say: Say, session: Obj, items: list[Obj]) -> Child:
    recurring = next((item["price"]["recurring"] for item in items if (item.get("price") or {}).get("recurring")), None)
    if session["mode"] != "subscription" or recurring is None:
        return None
    return tag("p", say("Charged {interval} until you cancel.", interval=prices.interval(say, recurring)), class_="soft")


def _promotion(say: Say, session: Obj, entry: cards.Entry) -> Html:
    """The field for a code, or the code in force with a way to drop it. The address of the page carries the code."""
    code = entry.get("applied_code")
    if code:
        return tag("p", tag("a", say("Remove {code}", code=code), href=f"/c/pay/{session['id']}", class_="button small"))
    field = cards.text(
        say, entry, "promotion_code", "Promotion code", value=entry.get("promotion_code"), sent_as="promotion", maxlength=100
    )
    return tag("form", field, tag("button", say("Apply")), method="get", class_="side")


# The form


def _pay(say: Say, merchant: str, session: Obj, entry: cards.Entry, *, failure: tuple[str, str] | None, country: str) -> Html:
    problem = layout.notice("bad", failure[0], tag("p", failure[1])) if failure else None
    if entry.wrong.keys() - {"promotion_code"}:
        problem = layout.notice(
            "bad", say("Something does not fit yet."), tag("p", say("Nothing was charged. Correct it and try again."))
        )
    needs_card = session.get("needs_card", True)
    return tag(
        "section",
        tag(
            "form",
            _contact(say, session, entry),
            tag("input", type="hidden", name="total", value=str(session["amount_total"])) if session["amount_total"] else None,
            _method(say, merchant, session, entry, country=country, problem=problem)
            if needs_card
            else _no_card(say, entry, country, problem),
            _business(say, entry) if (session["tax_id_collection"] or {}).get("enabled") else None,
            _consent(say, merchant, entry) if asks_consent(session) else None,
            tag("button", _label(say, session), name="action", value="pay", class_="primary wide"),
            id=cards.FORM,
            method="post",
            action=_own_address(session, entry),
            novalidate=True,
            class_="panel stack",
        ),
        _help(say, entry) if needs_card else None,
        class_="stack",
    )


def _method(say: Say, merchant: str, session: Obj, entry: cards.Entry, *, country: str, problem: Child) -> Html:
    """Which way to pay, and the fields of the one chosen."""
    kind = entry.get("method") or banks.CARD
    if kind == banks.CARD:
        shown = cards.fields(say, entry, country, problem)
    else:
        shown = banks.fields(say, merchant, entry, kind, country=country, problem=problem)
    return join([banks.choice(say, session, kind, promotion=entry.get("applied_code")), shown])


def _help(say: Say, entry: cards.Entry) -> Html:
    kind = entry.get("method") or banks.CARD
    return cards.help_block(say) if kind == banks.CARD else banks.help_block(say, kind)


def _no_card(say: Say, entry: cards.Entry, country: str, problem: Child) -> Html:
    """In the card's place: that none is needed, and what is asked instead."""
    chosen = entry.get("country", country)
    return tag(
        "fieldset",
        tag("legend", say("No card is needed today.")),
        tag(
            "div",
            problem,
            tag(
                "p",
                say("Nothing is due today, and no card is asked for. You can add one at any time."),
                class_="soft",
            ),
            cards.text(say, entry, "card_name", "Your name", value=entry.get("card_name"), autocomplete="name", maxlength=200),
            cards.select(say, entry, "country", "Country", options=cards.countries(say), chosen=chosen, autocomplete="country"),
            class_="stack",
        ),
    )


def _own_address(session: Obj, entry: cards.Entry) -> str:
    """The page's address with the code in force and the way to pay, without what became of an attempt before."""
    return banks.address(session["id"], entry.get("method"), entry.get("applied_code"))


def _label(say: Say, session: Obj) -> str:
    if session["mode"] == "setup":
        return say("Save the card") if session["payment_method_types"] == [banks.CARD] else say("Save this")
    if session.get("trial") and not session["amount_total"]:
        return say("Start the free trial")
    return say("Subscribe, {amount} today", amount=_money(say, session, session["amount_total"]))


def known_email(session: Obj) -> str | None:
    """The address the session came with: the customer's, or the one it was created for."""
    customer = session["customer"] if isinstance(session["customer"], dict) else {}
    email: str | None = customer.get("email") or session["customer_email"]
    return email


def asks_consent(session: Obj) -> bool:
    """Whether the terms of service must be agreed to."""
    return (session["consent_collection"] or {}).get("terms_of_service") == "required"


def _consent(say: Say, merchant: str, entry: cards.Entry) -> Html:
    wrong = entry.wrong.get("consent")
    box = tag(
        "input",
        type="checkbox",
        id="consent",
        name="consent",
        value="yes",
        checked=bool(entry.get("consent")),
        aria_invalid="true" if wrong else None,
        aria_describedby="consent-wrong" if wrong else None,
    )
    words = tag("label", box, tag("span", say("I agree to the terms of service of {name}.", name=merchant)), for_="consent")
    return tag("div", words, tag("p", say(wrong), class_="wrong", id="consent-wrong") if wrong else None, class_="check field")


def _contact(say: Say, session: Obj, entry: cards.Entry) -> Html:
    known = known_email(session)
    field = cards.text(
        say,
        entry,
        "email",
        "E-mail",
        value=known or entry.get("email"),
        type="email",
        autocomplete="email",
        readonly=bool(known),
        maxlength=500,
    )
    return tag("fieldset", tag("legend", say("Contact")), field)


def tax_id_types() -> list[str]:
    """Every type of tax id that the API takes."""
    operation = contract.operation("post", "/v1/customers/cus/tax_ids")
    shape = operation.parameters["type"].shape if operation else None
    return sorted(str(value) for value in getattr(shape, "values", ()))


def _business(say: Say, entry: cards.Entry) -> Html:
    types = [(say("No tax id"), ""), *((kind.replace("_", " ").upper(), kind) for kind in tax_id_types())]
    return tag(
        "fieldset",
        tag("legend", say("Business purchase")),
        tag(
            "div",
            cards.text(
                say,
                entry,
                "business_name",
                "Business name",
                value=entry.get("business_name"),
                autocomplete="organization",
                maxlength=150,
            ),
            tag(
                "div",
                cards.select(say, entry, "tax_id_type", "Kind of tax id", options=types, chosen=entry.get("tax_id_type")),
                cards.text(say, entry, "tax_id", "Tax id", value=entry.get("tax_id"), maxlength=100, class_="number"),
                class_="pair",
            ),
            class_="stack",
        ),
    )
