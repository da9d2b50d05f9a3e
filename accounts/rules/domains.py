"""Domains as people type them, and which mail domains belong to a company rather than to a mail provider."""

import re

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})+")
# Mailboxes anybody can open: no company's domain. A miss lets strangers ask to join each other's companies, and join where an
# owner lets the whole domain in; so large and middling providers stand here, by region.
# fmt: off
PUBLIC_MAIL = frozenset(
    [
        "10minutemail.com", "126.com", "139.com", "163.com", "189.cn", "a1.net", "abv.bg", "alice.it", "aliyun.com",
        "aol.com", "aon.at", "arcor.de", "att.net", "azet.sk", "bellsouth.net", "bigpond.com", "bigpond.net.au", "bk.ru",
        "bluewin.ch", "blueyonder.co.uk", "bol.com.br", "bredband.net", "btinternet.com", "centrum.cz", "charter.net",
        "chello.at", "comcast.net", "comhem.se", "cox.net", "daum.net", "docomo.ne.jp", "duck.com", "earthlink.net",
        "email.com", "email.cz", "email.de", "ezweb.ne.jp", "fastmail.com", "fastmail.fm", "foxmail.com", "free.fr",
        "freenet.de", "globo.com", "gmail.com", "gmx.at", "gmx.ch", "gmx.co.uk", "gmx.com", "gmx.de", "gmx.fr", "gmx.net",
        "gmx.us", "googlemail.com", "guerrillamail.com", "hanmail.net", "hey.com", "hispeed.ch", "hotmail.co.uk",
        "hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "hushmail.com", "i.ua", "icloud.com",
        "ig.com.br", "inbox.com", "inbox.ru", "interia.pl", "juno.com", "kabelmail.de", "kpnmail.nl", "laposte.net",
        "libero.it", "list.ru", "live.co.uk", "live.com", "live.de", "live.fr", "live.nl", "luukku.com", "mac.com",
        "mail.bg", "mail.com", "mail.de", "mail.ru", "mailbox.org", "mailfence.com", "mailinator.com", "me.com", "msn.com",
        "naver.com", "netzero.net", "neuf.fr", "ntlworld.com", "o2.pl", "onet.pl", "online.de", "online.no", "op.pl",
        "optonline.net", "optusnet.com.au", "orange.fr", "outlook.at", "outlook.com", "outlook.com.br", "outlook.de",
        "outlook.es", "outlook.fr", "outlook.it", "passmail.net", "planet.nl", "pm.me", "posteo.de", "posteo.net",
        "privaterelay.appleid.com", "proton.ch", "proton.me", "protonmail.ch", "protonmail.com", "proximus.be", "qq.com",
        "rambler.ru", "rediffmail.com", "relay.firefox.com", "rocketmail.com", "rogers.com", "runbox.com", "sapo.pt",
        "sbcglobal.net", "seznam.cz", "sfr.fr", "sharklasers.com", "shaw.ca", "simplelogin.com", "sina.cn", "sina.com",
        "sky.com", "skynet.be", "softbank.ne.jp", "sohu.com", "start.no", "sunrise.ch", "suomi24.fi", "sympatico.ca",
        "t-online.de", "talktalk.net", "tdcadsl.dk", "telefonica.net", "telenet.be", "telia.com", "telus.net",
        "temp-mail.org", "terra.com.br", "terra.es", "tin.it", "tiscali.it", "tuta.com", "tuta.io", "tutanota.com",
        "tutanota.de", "ukr.net", "unitybox.de", "uol.com.br", "usa.com", "verizon.net", "virgilio.it", "virginmedia.com",
        "vodafone.de", "vodafonemail.de", "wanadoo.fr", "web.com", "web.de", "wp.pl", "xs4all.nl", "xtra.co.nz", "ya.ru",
        "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.au", "yahoo.com.br", "yahoo.com.mx",
        "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.in", "yahoo.it", "yandex.com", "yandex.ru", "yeah.net", "ymail.com",
        "yopmail.com", "ziggo.nl", "zoho.com", "zohomail.com", "zohomail.eu",
    ]
)
# fmt: on


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
