"""Single values out of JSON, each refused with its field and a reason. What they are for is said by who reads them."""

import math
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import cast

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

UNSTORABLE = "has characters that UTF-8 or the database cannot carry"
NO_MOMENT = "must be a date and time such as 2026-03-01T09:00:00Z, or milliseconds since 1970"
MISSING = "is missing"


class Refusal(ValueError):
    """One thing that is not taken: where it stands, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Refused:
    """One item of many that is not taken; the others are."""

    place: int  # line of a text, counted from 1; index in a list, counted from 0
    field: str  # empty: the item itself
    reason: str


def exact_sum(numbers: Iterable[float]) -> float:
    """The sum, rounded once, so that the order does not show; where floats end, the last one."""
    numbers = tuple(numbers)
    try:
        return math.fsum(numbers)
    except OverflowError:  # perhaps only on the way there
        total = sum(map(Fraction, numbers))
    try:
        return float(total)
    except OverflowError:
        return sys.float_info.max if total > 0 else -sys.float_info.max


def is_storable(text: str) -> bool:
    """Whether UTF-8 carries the text (JSON escapes can smuggle in half a surrogate pair) and PostgreSQL keeps it."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def read_text(field: str, raw: object, at_most: int, at_least: int = 1) -> str:
    if not isinstance(raw, str):
        raise Refusal(field, "must be a text")
    if not at_least <= len(raw) <= at_most:
        raise Refusal(field, f"has {len(raw):,} characters; {at_least} to {at_most:,} are allowed")
    if not is_storable(raw):
        raise Refusal(field, UNSTORABLE)
    return raw


def read_number(field: str, raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Refusal(field, "must be a number")
    try:
        number = float(raw)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refusal(field, "must be a finite number")
    return number


def read_object(field: str, raw: object, known: Collection[str]) -> Mapping[str, object]:
    """An object with none but the known names; which of them it needs, who asked will see."""
    if not isinstance(raw, dict):
        raise Refusal(field, "must be an object")
    if not raw.keys() <= frozenset(known):
        name = min(str(name) for name in raw.keys() - frozenset(known))
        shown = name if is_storable(name) and len(name) <= 100 else "a name"
        raise Refusal(within(field, shown), f"is not known here; there may be {', '.join(known)}")
    return cast(Mapping[str, object], raw)


def within(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def read_moment(field: str, raw: object) -> datetime:
    """ISO 8601, in UTC unless it says otherwise, or whole milliseconds since 1970."""
    try:
        if isinstance(raw, str) and len(raw) <= 64:
            moment = datetime.fromisoformat(raw)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(raw, int) and not isinstance(raw, bool):
            return EPOCH + raw * MILLISECOND
    except (ValueError, OverflowError):
        pass
    raise Refusal(field, NO_MOMENT)


@dataclass(frozen=True, slots=True)
class Window:
    """Which timestamps are taken at a given moment: none older than retention keeps, none ahead of a wrong clock."""

    at: datetime  # now
    past: timedelta
    future: timedelta

    @property
    def earliest(self) -> datetime:
        return self.at - self.past

    @property
    def latest(self) -> datetime:
        return self.at + self.future

    def check(self, field: str, moment: datetime) -> datetime:
        """The moment itself. Raises Refusal outside the window."""
        if moment > self.latest:
            raise Refusal(field, f"is more than {self.future.total_seconds():,.0f} s in the future; check the clock")
        if moment < self.earliest:
            raise Refusal(field, f"is older than {self.past.total_seconds() / 86_400:,.4g} days, which is not kept")
        return moment
