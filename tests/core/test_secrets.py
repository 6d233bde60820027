"""Secrets at rest: read by the installation that wrote them, by nobody else, and never in words."""

import pytest
from pytest_django import Settings

from apps.core import secrets

OLD, NEW, OTHER = "old " * 20, "new " * 20, "other " * 20


def test_a_secret_comes_back_as_it_was() -> None:
    kept = secrets.encrypt("pässword")
    assert secrets.decrypt(kept) == "pässword"
    assert "pässword".encode() not in kept
    assert secrets.encrypt("pässword") != kept  # nobody sees that two are the same


def test_a_new_key_writes_and_the_one_before_still_reads(settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    kept = secrets.encrypt("hunter2")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OTHER, OLD]
    assert secrets.decrypt(kept) == "hunter2"
    rewritten = secrets.encrypt(secrets.decrypt(kept))
    settings.SECRET_KEY_FALLBACKS = []
    assert secrets.decrypt(rewritten) == "hunter2"
    with pytest.raises(secrets.Unreadable) as refused:
        secrets.decrypt(kept)
    assert "set it again" in str(refused.value)


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"gAAAAA"])
def test_what_is_damaged_is_unreadable(damage: bytes) -> None:
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(damage)


def test_one_changed_bit_is_noticed() -> None:
    kept = bytearray(secrets.encrypt("hunter2"))
    kept[-10] ^= 1
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(bytes(kept))
