"""API keys and tokens as text: how they are made, taken apart and kept. Only hashes are stored."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

START = "sfk"
PREFIX_LENGTH = 10
SECRET_LENGTH = 43
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Parts:
    prefix: str
    secret: str


def new_key() -> tuple[Parts, str]:
    """A fresh key: its parts, and the text `sfk_<prefix>_<secret>` (256 random bits) that its owner sees once."""
    return _key(_random(PREFIX_LENGTH + SECRET_LENGTH))


def key_of(root: str, *facts: str) -> tuple[Parts, str]:
    """The key that belongs to `facts` (one of them a random nonce) under the secret `root`: the same key each time."""
    said = "\x1f".join(facts).encode()
    number = int.from_bytes(hmac.digest(root.encode(), b"api-key:" + said, "sha512"))
    letters = ""
    for _place in range(PREFIX_LENGTH + SECRET_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters += ALPHABET[rest]
    return _key(letters)


def _key(letters: str) -> tuple[Parts, str]:
    parts = Parts(letters[:PREFIX_LENGTH], letters[PREFIX_LENGTH:])
    return parts, f"{START}_{parts.prefix}_{parts.secret}"


def parse(text: str) -> Parts | None:
    """The parts of a key's text; None if it does not have the shape of one."""
    start, _, rest = text.strip().partition("_")
    prefix, _, secret = rest.partition("_")
    shaped = start == START and len(prefix) == PREFIX_LENGTH and len(secret) == SECRET_LENGTH
    return Parts(prefix, secret) if shaped and rest.isascii() else None


def new_token() -> str:
    """A token for a link: 256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 as hex. A slow hash would add nothing: the secret is random, not chosen by a person."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, expected_digest: str) -> bool:
    return hmac.compare_digest(digest(secret), expected_digest)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
