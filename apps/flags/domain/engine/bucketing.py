"""Which share of users a user is in: murmur3, scaled to 100,000 buckets. Not what a share is given."""

from collections.abc import Mapping
from itertools import accumulate

import mmh3

from .context import encode_unit
from .definitions import Split, Variant
from .limits import WEIGHT_TOTAL


def digest(data: bytes) -> int:
    """murmur3 x86 32 bit, seed 0. Takes bytes only: mmh3 5.3 crashes the process on a lone surrogate in a str."""
    return mmh3.hash(data, 0, False)


def bucket(salt: str, unit: str | int) -> int:
    """The unit's bucket, 0 to 99,999. Multiply and shift spreads the hash without the bias of a modulo.

    The number 42 and the text "42" are one unit. Raises InvalidContext when the unit is not text that
    UTF-8 can carry or an integer of at most 64 bits.
    """
    return digest(f"{salt}.".encode() + encode_unit(unit)) * WEIGHT_TOTAL >> 32


def shares(split: Split, variants: tuple[Variant, ...]) -> tuple[tuple[str, int, int], ...]:
    """Each weighted variant with its half-open range of buckets: (variant, first, end)."""
    weights: Mapping[str, int] = dict(split.weights)
    ordered = [(variant.key, weights[variant.key]) for variant in variants if variant.key in weights]
    ends = accumulate(weight for _, weight in ordered)
    return tuple((key, end - weight, end) for (key, weight), end in zip(ordered, ends, strict=True))


def hash_limit(end: int) -> int:
    """The smallest 32-bit hash whose bucket is not below `end`: comparing hashes saves scaling each one."""
    return -(-(end << 32) // WEIGHT_TOTAL)
