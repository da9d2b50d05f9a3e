"""The store in its second language: nothing missing, nothing left in English on a page, no words outside gettext."""

import ast
import functools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import unfold
from django.core.cache import cache
from django.utils import translation

from accounts.models import OutgoingMail
from accounts.services import rendering
from config.local import messages

SPOKEN = {
    "title",
    "alt",
    "placeholder",
    "aria-label",
    "aria-description",
    "data-label",
    "data-copied",
    "label",
}  # attributes people read
WORD = re.compile(r"[^\W\d_]{2,}")
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


class _Words(HTMLParser):
    """The texts a reader meets in HTML, each with its line: between tags, and in the attributes that are read out."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.found = []
        self._silent = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self._silent += tag in {"script", "style"}
        given = dict(attributes)
        wanted = set(SPOKEN)
        if tag == "meta" and given.get("name") == "description":
            wanted.add("content")
        if tag == "input" and given.get("type") in {"submit", "button"}:
            wanted.add("value")
        self.found += [(self.getpos()[0], value) for name, value in attributes if name in wanted and value]

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data):
        if not self._silent and data.strip():
            self.found.append((self.getpos()[0], " ".join(data.split())))


# --- The catalogue ----------------------------------------------------------------------------------------------------


def test_every_text_of_the_store_is_translated():
    said = messages.problems()
    assert not said, "\n".join(said)


def test_a_translation_written_twice_into_its_place_is_noticed(monkeypatch):
    catalogue = messages._read("de")
    message = catalogue.get("Your cart is empty")
    message.string = "Ihr Warenkorb ist leer.Ihr Warenkorb ist leer."
    monkeypatch.setattr(messages, "_read", lambda _language: catalogue)
    monkeypatch.setattr(messages, "collect", lambda: [messages.Found("x", 1, "Your cart is empty")])
    assert [said for said in messages.problems() if "says the same twice" in said]


def test_the_compiled_catalogue_is_the_one_in_force():
    for language in messages.LANGUAGES:
        assert (messages.LOCALE / language / "LC_MESSAGES" / "django.mo").exists(), "tests/conftest.py compiles it"
    with translation.override("de"):
        assert translation.gettext("Your cart is empty") == "Ihr Warenkorb ist leer"
        assert translation.ngettext("%(number)s seat", "%(number)s seats", 1) == "%(number)s Platz"
        assert translation.ngettext("%(number)s seat", "%(number)s seats", 0) == "%(number)s Plätze"
    with translation.override("en"):
        assert translation.gettext("Your cart is empty") == "Your cart is empty"


def test_a_changed_catalogue_is_compiled_again_and_an_unchanged_one_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(messages, "LOCALE", tmp_path)
    source = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "seat"\nmsgstr "Platz"\n')
    assert messages.compile_all() == [source.with_suffix(".mo")]
    assert messages.compile_all() == []
    assert [path.name for path in sorted(source.parent.iterdir())] == ["django.mo", "django.po"]


def test_every_name_gettext_goes_by_is_collected():
    """`from django.utils.translation import gettext as _now` hides a text from the reader, if `_now` is not among its words."""
    alias = re.compile(r"\b[np]*gettext(?:_lazy|_noop)? as (\w+)")
    files = [path for folder in messages.PYTHON for path in (messages.ROOT / folder).rglob("*.py")]
    used = {name for path in files for name in alias.findall(path.read_text())}
    assert used <= set(messages.KEYWORDS)


def test_what_is_borrowed_from_the_admins_dress_is_still_said_there():
    files = [path for path in Path(unfold.__file__).parent.rglob("*") if path.suffix in {".html", ".py"}]
    said = "\n".join(path.read_text() for path in files)
    gone = [text for text in messages.BORROWED if f'"{text}"' not in said and f"'{text}'" not in said]
    assert not gone


# --- Pages in German --------------------------------------------------------------------------------------------------

CART = "/cart/new/?plan=fieldnote/team&seats=12&interval=year&currency=eur"
PAGES = (
    "/pricing/",
    "/pricing/?line=inspect&seats=30&interval=year&currency=jpy",
    "/pricing/?seats=900&currency=gbp",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/login/code/",
    "/cart/",
    CART,
    "/legal/terms/",
    "/legal/privacy/",
    "/legal/dpa/",
    *(f"/talk/?reason={reason}" for reason in ("", "legal", "security", "procurement", "discount", "terms", "seats", "other")),
    "/invitations/no-such-token/",
    "/no/such/page/",
)
# Words of English that no German text has: whatever catalogue a text came from (ours, Django's, allauth's), it shows.
ENGLISH = re.compile(
    r"\b(the|and|your|you|with|from|this|that|not|are|is|we|our|please|password|required|here|for|of|to|choose|enter)\b",
    re.IGNORECASE,
)


# As Germans call them, and what Iceland calls its tax ids.
PLACES = re.compile(r"Isle of Man|Port of Spain|\bIS (?:KT|VAT)\b")
SIGNED_IN = (
    "/",
    "/talk/?reason=seats",
    "/team/",
    "/team/leaving/",
    "/team/ownership/",
    "/settings/organization/",
    "/settings/api-keys/",
    "/organizations/new/",
    "/seats/",
    "/invoices/",
    "/payment-method/",
    "/account/email/",
    "/account/password/change/",
    "/account/logout/",
    "/account/second-factor/",
    "/account/second-factor/totp/activate/",
    "/account/second-factor/webauthn/",
    "/account/second-factor/webauthn/add/",
    "/account/sessions/",
    "/account/connections/",
    "/account/deletion/",
    "/settings/closure/",
    "/no/such/page/",
)
OF_SUBSCRIBERS = (
    "/",
    "/seats/",
    "/seats/preview/?line=fieldnote&seats=13&when=now",
    "/seats/preview/?line=fieldnote&seats=24&when=now",
    "/seats/preview/?line=fieldnote&seats=7&when=renewal",
    "/seats/preview/?line=fieldnote&seats=2&when=renewal",
    "/seats/preview/?line=fieldnote&seats=900&when=now",
    "/invoices/",
    "/payment-method/",
    "/subscription/cancellation/?line=fieldnote",
    "/cart/new/?plan=fieldnote/team&seats=12&interval=year&currency=usd",
    "/team/",
)
# A form sent wrong: each library says what is missing in words of its own.
WRONG = {
    "/account/login/": {"login": "nobody", "password": ""},
    "/account/signup/": {"email": "ada@acme.example", "name": "Ada", "password1": "password", "password2": "password"},
    "/account/password/reset/": {"email": "nobody"},
    "/account/password/change/": {"oldpassword": "wrong", "password1": "12345", "password2": "54321"},
    "/account/second-factor/totp/activate/": {"code": "1"},
    "/account/deletion/": {"email": "nobody@acme.example"},
    "/settings/closure/": {"name": "Another"},
    "/account/email/": {"action_add": "", "email": "nobody"},
    "/talk/?reason=seats": {"name": "", "email": "nobody", "seats": "none", "channel": "phone", "phone": ""},
    "/settings/organization/": {"name": "", "country": "XX", "domain": "no domain", "time_zone": "Mars"},
    "/settings/api-keys/": {"name": "", "scopes": "everything"},
    "/organizations/new/": {"name": "", "country": "", "employees": "many"},
    "/team/invitations/": {"addresses": "", "role": "king"},
}


@pytest.fixture
def german(on_sale, client):
    """Fetch a page, or send it a form, as a reader of German; returns its HTML."""
    cache.clear()

    def fetch(url, data=None):
        asked = {"headers": {"Accept-Language": "de"}, "follow": True}
        response = client.get(url, **asked) if data is None else client.post(url, data, **asked)
        assert response.status_code in {200, 404, 422}, url
        return response.content.decode()

    return fetch


@functools.cache
def _patterns():
    """The English texts of more than two words whose translation differs, as patterns: a placeholder is anything short.

    Each with its longest literal piece, which is found a hundred times faster, or not found.
    """
    found = []
    for message in messages._read("de"):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in texts:
            pieces = messages.PLACEHOLDER.split(text)
            if text and text != message.string and sum(len(WORD.findall(piece)) for piece in pieces) > 2:
                literal = [" ".join(piece.split()) for piece in pieces]
                found.append((text, max(literal, key=len), re.compile(".{0,60}?".join(map(re.escape, literal)))))
    return found


def _english(html):
    """What is English in a page: our own texts, then any text with an English word in it."""
    html = PLACES.sub("", re.sub(r"(?s)<(code|address)\b.*?</\1>", "", html))
    texts = [text for _line, text in _Words(html).found]
    whole = "\n".join(texts)  # no pattern crosses a line
    ours = [text for text, literal, pattern in _patterns() if literal in whole and pattern.search(whole)]
    return ours or [text for text in texts if ENGLISH.search(text)]


@pytest.mark.django_db
@pytest.mark.parametrize("url", PAGES)
def test_a_public_page_in_german_has_no_english_left(german, url):
    html = german(url)
    assert 'lang="de"' in html
    assert not _english(html)


@pytest.mark.parametrize("url", SIGNED_IN)
def test_a_page_of_ones_own_in_german_has_no_english_left(german, client, cast, url):
    client.force_login(cast.owner)
    assert not _english(german(url))


def test_a_subscriber_reads_german_pages_and_mails(german, client, cast, shop):
    cast.owner.locale = "de"
    cast.owner.save(update_fields=["locale"])
    shop.buy(cast.acme, cast.owner, seats=10)
    client.force_login(cast.owner)
    for url in OF_SUBSCRIBERS:
        assert not _english(german(url)), url
    assert "8 Plätze ab" in german("/seats/changes/", {"line": "fieldnote", "when": "renewal", "seats": "8"})
    assert not _english(german("/"))
    assert "Gekündigt" in german("/subscription/cancellation/", {"line": "fieldnote", "reason_code": "unused", "reason": ""})
    for url in OF_SUBSCRIBERS:
        assert not _english(german(url)), url
    shop.settle()
    mails = [rendering.message(row) for row in OutgoingMail.objects.filter(recipient=cast.owner.email)]
    assert len(mails) >= 3
    for mail in mails:
        assert not _english(mail.alternatives[0].content), mail.subject
        assert not [line for line in (mail.subject, *mail.body.splitlines()) if "://" not in line and ENGLISH.search(line)]


@pytest.mark.parametrize("url", WRONG)
def test_a_form_sent_wrong_is_corrected_in_german(german, client, cast, url):
    if url not in PAGES:
        client.force_login(cast.owner)
    html = german(url, WRONG[url])
    assert "error" in html
    assert not _english(html)


@pytest.mark.django_db
def test_the_english_page_would_be_noticed(client, on_sale):
    """The other test can fail: read in English, the same page is full of what it looks for."""
    html = client.get("/account/login/").content.decode()
    assert {"Sign in to %(name)s", "Keep me signed in on this device"} <= set(_english(html))
    assert sum(bool(ENGLISH.search(text)) for _line, text in _Words(html).found) > 3


# --- Templates --------------------------------------------------------------------------------------------------------

TEMPLATES = messages.ROOT / "templates"
NOT_A_TEXT = re.compile(
    r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}|\{%\s*blocktranslate\b.*?%\}.*?\{%\s*endblocktranslate\s*%\}",
    re.DOTALL,
)
MARKED = re.compile(r"""_\((["']).*?\1\)""")
TRANSLATING = {"translate", "blocktranslate"}
NOT_SPEAKING = {"url", "static", "include", "extends", "load", "block", "endblock", "if", "elif", "component"}
NAMES_ONLY = {"page_class", "body_attributes"}  # blocks that hold no words
LEFT_OUT = {
    "components/gallery.html": "the house's own show of components, in English like the code",
    "components/gallery_dialog.html": "as the gallery",
    "components/button_looks.html": "attributes alone",
}
ALLOWED = {
    ("storefront/api_keys/_key.html", "sfk_"): "how a key begins",
}


def _templates():
    found = [path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"}]
    return sorted(path for path in found if path.relative_to(TEMPLATES).as_posix() not in LEFT_OUT)


def _bare(text, suffix):
    """The words of a template that no gettext sees, with their lines."""
    kept_lines = lambda found: "\n" * found[0].count("\n")  # noqa: E731 - said twice, and nowhere else
    text = NOT_A_TEXT.sub(kept_lines, text)
    for name in NAMES_ONLY:
        text = re.sub(r"\{%\s*block " + name + r"\s*%\}.*?\{%\s*endblock\s*%\}", "", text, flags=re.DOTALL)
    yield from _literals(text)
    text = TAG.sub(kept_lines, text)
    if suffix == ".html":
        yield from ((line, words) for line, words in _Words(text).found if WORD.search(words))
    else:
        for number, line in enumerate(text.splitlines(), start=1):
            if WORD.search(re.sub(r"\S*/\S*", "", line)):  # addresses are no words
                yield number, line.strip()


def _literals(text):
    """Quoted words handed to a tag, as in {% button "Save" %}: with a capital or a space; names and numbers have neither."""
    for tag in TAG.finditer(text):
        name = tag[0].strip("{%} \n").split(maxsplit=1)[0]
        if name in TRANSLATING | NOT_SPEAKING:
            continue
        for quoted in re.finditer(r"""(["'])(.*?)\1""", MARKED.sub("", tag[0])):
            words = quoted[2]
            if WORD.search(words) and (words[0].isupper() or " " in words.strip()):
                yield text.count("\n", 0, tag.start()) + 1, words


def test_no_bare_words_in_templates():
    said = []
    for path in _templates():
        place = path.relative_to(TEMPLATES).as_posix()
        allowed = tuple(words for at, words in ALLOWED if at == place)
        bare = _bare(path.read_text(), path.suffix)
        said += [f"{place}:{line}: {words!r}" for line, words in bare if not words.startswith(allowed)]
    assert not said, "Say it by {% translate %} or {% blocktranslate %}:\n" + "\n".join(said)


@pytest.mark.parametrize(
    ("text", "suffix", "found"),
    [
        ("<p>Pay now</p>", ".html", "Pay now"),
        ('<img alt="Our mark">', ".html", "Our mark"),
        ('{% button "Pay now" kind="primary" %}', ".html", "Pay now"),
        ('{% banner "bad" title=_("A card") text="It expired" %}', ".html", "It expired"),
        ("Dear {{ name }},", ".txt", "Dear ,"),
        ('{% translate "Pay now" %}<b class="Word">{{ a|default:"-" }}</b>', ".html", None),
        ("{% blocktranslate %}Pay {{ amount }}{% endblocktranslate %} {{ url }}/talk/", ".txt", None),
    ],
)
def test_bare_words_are_found_where_they_hide(text, suffix, found):
    assert [words for _line, words in _bare(text, suffix)] == ([found] if found else [])


def test_what_is_left_out_and_allowed_still_exists():
    for name in LEFT_OUT:
        assert (TEMPLATES / name).exists()
    for place, text in ALLOWED:
        assert text in Path(TEMPLATES / place).read_text()


def test_no_text_hides_in_an_f_string():
    """Whoever collects the texts does not read f-strings: a text in one is never translated."""
    hidden = [
        f"{path.relative_to(messages.ROOT)}:{call.lineno}"
        for folder in messages.PYTHON
        for path in (messages.ROOT / folder).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in messages.KEYWORDS
    ]
    assert not hidden, hidden
