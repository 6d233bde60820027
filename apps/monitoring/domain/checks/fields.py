"""The fields of one JSON object, each read by itself, so that everything wrong with it is told at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from apps.monitoring.domain.values import MISSING, Refusal, read_number, read_object, read_text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    reason: str


class InvalidCheck(ValueError):
    """A configuration that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Collection[Problem]) -> None:
        super().__init__("; ".join(f"{each.field} {each.reason}" for each in problems))
        self.problems = tuple(problems)


class Fields:
    """Reads fields and gathers what is wrong. A value that was refused is never used: `finish` raises before."""

    def __init__(self, raw: object, known: Collection[str]) -> None:
        self._problems: list[Problem] = []
        self._raw: Mapping[str, object] = {}
        if not isinstance(raw, dict):
            self._problems.append(Problem("", "must be an object"))
            return
        self._raw = raw
        for name in raw:
            self._tell_unknown(name, known)

    def take(self, name: str, read: Callable[[str, object], T], *default: T) -> T:
        """The field as `read` reads it; where it is missing or null the default, if there is one."""
        raw = self._raw.get(name)
        if raw is None and default:
            return default[0]
        try:
            if raw is None:
                raise Refusal(name, MISSING)
            return read(name, raw)
        except Refusal as refusal:
            self._problems.append(Problem(refusal.field, refusal.reason))
            return None  # type: ignore[return-value]

    def has(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def refuse(self, name: str, reason: str) -> None:
        self._problems.append(Problem(name, reason))

    def finish(self) -> None:
        """Raises InvalidCheck when anything was refused."""
        if self._problems:
            raise InvalidCheck(self._problems)

    def _tell_unknown(self, name: str, known: Collection[str]) -> None:
        try:
            read_object("", {name: None}, known)
        except Refusal as refusal:
            self._problems.append(Problem(refusal.field, refusal.reason))


def text(at_most: int) -> Callable[[str, object], str]:
    return lambda field, raw: read_text(field, raw, at_most)


def whole(at_least: int, at_most: int) -> Callable[[str, object], int]:
    def read(field: str, raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not at_least <= raw <= at_most:
            raise Refusal(field, f"must be a whole number from {at_least:,} to {at_most:,}")
        return raw

    return read


def seconds(at_least: float, at_most: float) -> Callable[[str, object], float]:
    def read(field: str, raw: object) -> float:
        number = read_number(field, raw)
        if not at_least <= number <= at_most:
            raise Refusal(field, f"must be from {at_least:g} to {at_most:g} seconds")
        return number

    return read


def each(at_most: int, read: Callable[[str, object], T]) -> Callable[[str, object], tuple[T, ...]]:
    def read_all(field: str, raw: object) -> tuple[T, ...]:
        if not isinstance(raw, list):
            raise Refusal(field, "must be a list")
        if len(raw) > at_most:
            raise Refusal(field, f"has {len(raw):,} entries; {at_most} are allowed")
        return tuple(read(f"{field}[{index}]", item) for index, item in enumerate(raw))

    return read_all
