"""Domains as people type them, and which mail domains belong to a company rather than to a mail provider."""

import re

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})+")
# Mailboxes anybody can open: no company's domain. Kept to the large ones; a miss only prefills a field.
PUBLIC_MAIL = frozenset(
    [
        "aol.com",
        "fastmail.com",
        "gmail.com",
        "gmx.at",
        "gmx.ch",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hey.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mac.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "outlook.com",
        "outlook.de",
        "pm.me",
        "posteo.de",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "t-online.de",
        "web.de",
        "yahoo.co.jp",
        "yahoo.co.uk",
        "yahoo.com",
        "yahoo.de",
        "yandex.ru",
        "zoho.com",
        "163.com",
        "126.com",
    ]
)


class Malformed(ValueError):
    """Not a domain."""


def normalize(text: str) -> str:
    """The bare domain of what was typed or pasted: "https://www.Acme.example/about" is "acme.example"; empty stays empty.

    International names become their ASCII form. Raises Malformed.
    """
    host = re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0].split("?")[0].split(":")[0].rstrip(".")
    host = host.rpartition("@")[2].removeprefix("www.")
    if not host:
        return ""
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        raise Malformed(text) from None
    if len(host) > 253 or not DOMAIN.fullmatch(host):
        raise Malformed(text)
    return host


def of_work_address(email: str) -> str:
    """The company's domain in a work e-mail address; empty for a public mail provider's."""
    domain = email.rpartition("@")[2].lower()
    return "" if domain in PUBLIC_MAIL else domain


def name_from(domain: str) -> str:
    """A first guess at a company's name: "acme-tools.example" is "Acme Tools"."""
    return " ".join(part.capitalize() for part in domain.split(".", maxsplit=1)[0].split("-") if part)
