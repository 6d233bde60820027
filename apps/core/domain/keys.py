"""API key tokens: how they look, how they are digested. No storage, no clock."""

import hashlib
import secrets
from dataclasses import dataclass

PREFIX = "pulse"
SECRET_BYTES = 24
HINT_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Token:
    """A freshly minted key: `pulse_<kind>_<32 URL-safe characters>`."""

    text: str

    @property
    def digest(self) -> bytes:
        return digest(self.text)

    @property
    def hint(self) -> str:
        return self.text[-HINT_LENGTH:]


def mint(kind: str) -> Token:
    return Token(f"{PREFIX}_{kind}_{secrets.token_urlsafe(SECRET_BYTES)}")


def digest(text: str) -> bytes:
    """SHA-256 of the token, 32 bytes. Tokens hold 192 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
