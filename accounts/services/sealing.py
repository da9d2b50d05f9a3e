"""Secrets at rest: encrypted under SECRET_KEY, each purpose with a key of its own, opened by the fallbacks too."""

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """It was sealed under a SECRET_KEY that is neither the present one nor among its fallbacks."""


def seal(text: str, purpose: bytes) -> str:
    return _cipher(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: bytes) -> str:
    """The secret. Raises Unreadable."""
    try:
        return _cipher(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _cipher(purpose: bytes) -> MultiFernet:
    return _cipher_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), purpose)


@functools.lru_cache(maxsize=8)
def _cipher_of(keys: tuple[str, ...], purpose: bytes) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key, purpose)) for key in keys])


def _derive(key: str, purpose: bytes) -> bytes:
    return base64.urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key.encode()))
