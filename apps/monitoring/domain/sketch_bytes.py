"""A sketch as bytes and back: about two bytes a bucket. What a sketch means is in sketch.py.

Version 1: the byte 1; minimum, maximum and total as little-endian doubles; zeros; then the positive and the negative
buckets, each as how many there are, the first index, the gap to every next one, and each one's count. Whole numbers are
varints as in Protocol Buffers, the first index zigzag-coded. The empty sketch is no bytes at all.
"""

import struct
from collections.abc import Iterator
from itertools import pairwise

from .sketch import EMPTY, Buckets, Sketch

_VERSION = 1
_HEAD = struct.Struct("<Bddd")
_VARINT_BITS = 70  # ten bytes of seven bits: 64 fit


class UnreadableSketch(ValueError):
    """Bytes that no sketch was written as."""


def encode(sketch: Sketch) -> bytes:
    if sketch == EMPTY:
        return b""
    out = bytearray(_HEAD.pack(_VERSION, sketch.minimum, sketch.maximum, sketch.total))
    _write(out, sketch.zeros)
    for buckets in (sketch.positive, sketch.negative):
        _write(out, len(buckets))
        for number in _numbers(buckets):
            _write(out, number)
    return bytes(out)


def decode(data: bytes) -> Sketch:
    """The sketch that was encoded. Raises UnreadableSketch."""
    if not data:
        return EMPTY
    if len(data) < _HEAD.size or data[0] != _VERSION:
        raise UnreadableSketch("these bytes are no sketch of version 1")
    _, minimum, maximum, total = _HEAD.unpack_from(data)
    numbers = _varints(memoryview(data)[_HEAD.size :])
    try:
        zeros, positive, negative = next(numbers), _buckets(numbers), _buckets(numbers)
    except StopIteration:
        raise UnreadableSketch("the bytes end too early") from None
    if next(numbers, None) is not None:
        raise UnreadableSketch("more bytes follow")
    return Sketch(positive=positive, negative=negative, zeros=zeros, minimum=minimum, maximum=maximum, total=total)


def _numbers(buckets: Buckets) -> Iterator[int]:
    """The first index, the gaps, the counts."""
    if buckets:
        first = buckets[0][0]
        yield first << 1 if first >= 0 else (-first << 1) - 1
        yield from (after[0] - before[0] for before, after in pairwise(buckets))
        yield from (many for _, many in buckets)


def _buckets(numbers: Iterator[int]) -> Buckets:
    length = next(numbers)
    if not length:
        return ()
    first = next(numbers)
    indexes = [-((first + 1) >> 1) if first & 1 else first >> 1]
    for _ in range(length - 1):
        indexes.append(indexes[-1] + next(numbers))
    return tuple([(index, next(numbers)) for index in indexes])


def _write(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _varints(data: memoryview) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
        elif shift >= _VARINT_BITS:
            raise UnreadableSketch("a number does not end")
    if shift:
        raise UnreadableSketch("the bytes end too early")
