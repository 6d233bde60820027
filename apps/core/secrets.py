"""Secrets at rest: what a person typed and a program has to read again. Keyed from SECRET_KEY; never logged.

Tokens that only have to be recognised are hashed instead: see domain/keys.py.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"pulseops secrets at rest 1"  # another purpose of the same SECRET_KEY has another key
KEY_BYTES = 32


class Unreadable(Exception):
    """Written under a SECRET_KEY that is neither the present one nor a fallback, or damaged."""


def encrypt(text: str) -> bytes:
    return _keys().encrypt(text.encode())


def decrypt(kept: bytes) -> str:
    """Raises Unreadable."""
    try:
        return _keys().decrypt(kept).decode()
    except InvalidToken:
        raise Unreadable("the secret was written under another SECRET_KEY; set it again") from None


def rotated(kept: bytes) -> bytes:
    """The same secret under the present key. Raises Unreadable."""
    return encrypt(decrypt(kept))


def _keys() -> MultiFernet:
    return _derived((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _derived(secret_keys: tuple[str, ...]) -> MultiFernet:
    """The first writes, all of them read."""
    return MultiFernet([Fernet(_key(each)) for each in secret_keys])


def _key(secret_key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(secret_key.encode())
    return base64.urlsafe_b64encode(derived)
