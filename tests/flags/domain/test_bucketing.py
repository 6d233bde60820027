"""Buckets: the hash by its published vectors, the arithmetic by an independent murmur3, and an even spread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flags.domain.engine import bucketing
from apps.flags.domain.engine.bucketing import bucket, digest, hash_limit, shares
from apps.flags.domain.engine.context import InvalidContext
from apps.flags.domain.engine.definitions import Split, Variant

# https://en.wikipedia.org/wiki/MurmurHash lists these for murmur3 x86 32 bit with seed 0.
PUBLISHED = {
    "": 0x00000000,
    "test": 0xBA6BD213,
    "Hello, world!": 0xC0363E43,
    "The quick brown fox jumps over the lazy dog": 0x2E4FF723,
}
MASK = 0xFFFFFFFF


def rotated(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & MASK


def murmur3(data: bytes) -> int:
    """Written from the published algorithm, for bytes of any length."""
    hashed = 0
    for start in range(0, len(data), 4):
        block = data[start : start + 4]
        mixed = rotated(int.from_bytes(block, "little") * 0xCC9E2D51 & MASK, 15) * 0x1B873593 & MASK
        hashed ^= mixed
        if len(block) == 4:
            hashed = (rotated(hashed, 13) * 5 + 0xE6546B64) & MASK
    hashed ^= len(data)
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & MASK
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & MASK
    return hashed ^ hashed >> 16


@pytest.mark.parametrize(("text", "expected"), PUBLISHED.items())
def test_hash_equals_the_published_vectors(text: str, expected: int) -> None:
    assert digest(text.encode()) == expected
    assert murmur3(text.encode()) == expected


@pytest.mark.parametrize(
    ("hashed", "expected"),
    [
        (0, 0),
        (42_949, 0),  # one bucket is 2^32 / 100,000 = 42,949.67 hashes wide
        (42_950, 1),
        (0x7FFFFFFF, 49_999),
        (0x80000000, 50_000),
        (0xC0363E43, 75_082),  # 3,224,780,355 / 4,294,967,296 = 0.750827...
        (0xFFFFFFFF, 99_999),
    ],
)
def test_bucket_is_the_hash_scaled(hashed: int, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucketing, "digest", lambda data: hashed)
    assert bucket("salt", "unit") == expected


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_bucket_hashes_salt_dot_unit_as_utf8(salt: str, unit: str) -> None:
    assert bucket(salt, unit) == murmur3(f"{salt}.{unit}".encode()) * 100_000 // 2**32


@pytest.mark.parametrize("number", [0, 7, -3, 42, 2**63])
def test_a_number_is_the_text_of_its_digits(number: int) -> None:
    assert bucket("s", number) == bucket("s", str(number))


@pytest.mark.parametrize("unit", ["\ud800", "ok\udfff", True, 1.0, None, "", [], {}, 2**64])
def test_units_that_name_nobody_are_refused(unit: object) -> None:
    with pytest.raises(InvalidContext):
        bucket("s", unit)  # type: ignore[arg-type]


@given(st.integers(0, 100_000), st.integers(0, 2**32 - 1))
def test_comparing_hashes_equals_comparing_buckets(end: int, hashed: int) -> None:
    assert (hashed < hash_limit(end)) == (hashed * 100_000 // 2**32 < end)


@given(st.integers(1, 100_000))
def test_the_limit_is_exact_at_the_edge(end: int) -> None:
    limit = hash_limit(end)
    assert (limit - 1) * 100_000 >> 32 < end
    assert limit * 100_000 >> 32 >= end


def test_shares_follow_the_variants_not_the_weights() -> None:
    variants = tuple(Variant(key, key) for key in "abcd")
    written = Split((("d", 10_000), ("b", 60_000), ("a", 30_000)))
    assert shares(written, variants) == (("a", 0, 30_000), ("b", 30_000, 90_000), ("d", 90_000, 100_000))


def test_buckets_are_spread_evenly() -> None:
    """Chi-square over 100 cells of 1,000 expected; 99 degrees of freedom exceed 148.2 once in a thousand salts."""
    cells = [0] * 100
    for n in range(100_000):
        cells[bucket("checkout-v2", f"user-{n}") // 1_000] += 1
    assert sum((count - 1_000) ** 2 / 1_000 for count in cells) < 148.2


def test_two_salts_are_independent() -> None:
    """Of the half that one flag takes, another flag takes half."""
    both = sum(bucket("a", f"u{n}") < 50_000 and bucket("b", f"u{n}") < 50_000 for n in range(20_000))
    assert both == pytest.approx(5_000, abs=250)
