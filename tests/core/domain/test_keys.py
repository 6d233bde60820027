"""API key tokens."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.domain import keys


@pytest.mark.parametrize("kind", ["client", "server", "management", "ingest"])
def test_a_token_says_what_it_is_and_hides_192_bits(kind: str) -> None:
    assert re.fullmatch(rf"pulse_{kind}_[A-Za-z0-9_-]{{32}}", keys.mint(kind).text)


def test_no_two_tokens_are_alike() -> None:
    assert len({keys.mint("client").text for _ in range(1_000)}) == 1_000


def test_the_hint_is_the_end_of_the_token() -> None:
    assert keys.Token("pulse_client_abcdefgh").hint == "efgh"


def test_the_digest_is_sha_256() -> None:
    assert keys.Token("pulse").digest == hashlib.sha256(b"pulse").digest()
    assert len(keys.mint("client").digest) == 32


@given(st.text(st.characters() | st.sampled_from("\ud800\udfff")))
def test_any_text_has_a_digest(text: str) -> None:
    assert len(keys.digest(text)) == 32


@given(st.text(), st.text())
def test_different_texts_have_different_digests(one: str, other: str) -> None:
    assert (keys.digest(one) == keys.digest(other)) == (one == other)
