"""A metric series: a name and labels, as in Prometheus' data model. Its samples are no part of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from uuid import UUID

from .limits import MAX_LABEL_NAME, MAX_LABEL_VALUE, MAX_LABELS, MAX_METRIC_NAME
from .values import UNSTORABLE, Refusal, is_storable

NAME_PATTERN = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
LABEL_PATTERN = r"[a-zA-Z_][a-zA-Z0-9_]*+"
RESERVED = "__"  # how a label name must not begin: Prometheus keeps those for itself

_NAME = re.compile(NAME_PATTERN)
_LABEL = re.compile(LABEL_PATTERN)
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_FINGERPRINT_BYTES = 16

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Made by read_series, so that two equal ones compare equal: labels sorted by name, none with an empty value."""

    name: str
    labels: Labels

    @property
    def canonical(self) -> str:
        """As Prometheus writes it: `name{a="1",b="2"}`. Different series have different canonical forms."""
        if not self.labels:
            return self.name
        pairs = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in self.labels)
        return f"{self.name}{{{pairs}}}"

    @property
    def fingerprint(self) -> UUID:
        """BLAKE2b with 128 bits over the canonical form: the same in every process, and nobody can make two collide."""
        return UUID(bytes=blake2b(self.canonical.encode(), digest_size=_FINGERPRINT_BYTES).digest())


def read_series(name: object, labels: object) -> Series:
    """The series of this name with this object of labels. Raises Refusal.

    A label with an empty value is the same as no such label.
    """
    if not isinstance(labels, Mapping):
        raise Refusal("labels", "must be an object of texts")
    return series_of(name, list(labels.items()))


def series_of(name: object, pairs: Sequence[tuple[object, object]]) -> Series:
    """The same from pairs, where a name may stand twice. Raises Refusal."""
    if len(pairs) > MAX_LABELS:
        raise Refusal("labels", f"has {len(pairs):,} labels; {MAX_LABELS} are allowed")
    checked = sorted(_checked(*pair) for pair in pairs)
    for (one, _), (following, _) in pairwise(checked):
        if one == following:
            raise Refusal(f"labels.{one}", "stands there twice")
    return Series(read_name(name), tuple(pair for pair in checked if pair[1]))


def read_name(name: object) -> str:
    if not isinstance(name, str):
        raise Refusal("name", "must be a text")
    if len(name) > MAX_METRIC_NAME:
        raise Refusal("name", f"has {len(name):,} characters; {MAX_METRIC_NAME} are allowed")
    if not _NAME.fullmatch(name):
        raise Refusal("name", "must be letters, digits, _ and :, and not begin with a digit")
    return name


def _checked(name: object, value: object) -> tuple[str, str]:
    if not isinstance(name, str) or not _LABEL.fullmatch(name):
        raise Refusal("labels", "has a label whose name is not letters, digits and _, or begins with a digit")
    if len(name) > MAX_LABEL_NAME:
        raise Refusal("labels", f"has a label name of {len(name):,} characters; {MAX_LABEL_NAME} are allowed")
    if name.startswith(RESERVED):
        raise Refusal(f"labels.{name}", f"is reserved: it begins with {RESERVED}")
    if not isinstance(value, str):
        raise Refusal(f"labels.{name}", "must be a text")
    if len(value) > MAX_LABEL_VALUE:
        raise Refusal(f"labels.{name}", f"has {len(value):,} characters; {MAX_LABEL_VALUE} are allowed")
    if not is_storable(value):
        raise Refusal(f"labels.{name}", UNSTORABLE)
    return name, value
