"""Turns conditions into bits, and a context into the bits that hold for it: one lookup per attribute and one test
per distinct comparison, however many conditions share them. Which flag wants which bits is not known here."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import count

from .attributes import Attribute, Facts
from .context import GROUPS, TARGETING_KEY, InvalidContext, read_unit
from .definitions import (
    EVERYONE,
    All,
    Any,
    Compare,
    Condition,
    In,
    InSegment,
    Not,
    Nothing,
    Path,
    Segment,
    Window,
)
from .operators import is_timely
from .segments import without_circles

Context = Mapping[str, object]
Predicate = Callable[[Facts], bool]
Reader = Callable[[Context, float], Facts]  # (context, now in seconds since 1970)


class FactTable:
    """Collects conditions and gives equal ones the same bit. Complete once all predicates were asked for."""

    def __init__(self, segments: Mapping[str, Segment]) -> None:
        self._segments = without_circles(segments)
        self._bits: dict[object, Facts] = {}
        self._next_bit = count()
        self._root = Attribute()
        self._members: dict[str, Facts] = {}
        self._rules: dict[str, Predicate] = {}  # of segments
        self._windows: dict[Window, Facts] = {}
        self.is_timely = False  # whether the same context may come to other facts as time passes between moments

    def predicate(self, condition: Condition | None, window: Window | None = None) -> Predicate:
        """What to ask of the facts to know whether the condition holds, and within `window` if one is given."""
        wanted = [] if condition is None else [self._predicate(condition)]
        if window is not None:
            wanted.append(_has_any(self._windows.get(window) or self._windows.setdefault(window, self._new_bit())))
        return _all(wanted)

    def _predicate(self, condition: Condition) -> Predicate:
        match condition:
            case In() | Compare():
                return _has_any(self._bit_of(condition))
            case InSegment(keys):
                return self._in_segments(keys)
            case Not(item):
                return _not(self._predicate(item))
            case All(items):
                bits, others = self._parted(items)
                return _all([_has_all(bits), *others] if bits else others)
            case Any(items):
                return self._any_of(items)
            case Nothing(items):
                return _not(self._any_of(items))

    def _parted(self, items: Iterable[Condition]) -> tuple[Facts, list[Predicate]]:
        """The bits of all comparisons together, so that one operation asks for them, and what else there is."""
        bits, others = 0, []
        for item in items:
            if isinstance(item, In | Compare):
                bits |= self._bit_of(item)
            else:
                others.append(self._predicate(item))
        return bits, others

    def _any_of(self, items: Iterable[Condition]) -> Predicate:
        bits, others = self._parted(items)
        return _any([_has_any(bits), *others] if bits else others)

    def reader(self) -> Reader:
        """The function that reads all bits off a context. On the hot path, so plain text needs no further call."""
        plain = tuple(
            (name, one.texts, one.read, one.all_absent()) for name, one in self._root.inner.items() if one.is_plain
        )
        others = tuple((name, one.read) for name, one in self._root.inner.items() if not one.is_plain)
        further = self._further()

        def read(context: Context, at: float) -> Facts:
            facts = 0
            for name, texts, read_other, absent in plain:
                value = context.get(name)
                if type(value) is str:
                    facts |= texts.get(value, 0)
                elif value is None:
                    facts |= absent
                else:
                    facts |= read_other(value, at)
            for name, read_other in others:
                facts |= read_other(context.get(name), at)
            for more in further:
                facts |= more(context, at)
            return facts

        return read

    def _further(self) -> tuple[Reader, ...]:
        """What no attribute can tell: member lists and the clock."""
        found = [(bit, self._segments[key].members) for key, bit in self._members.items()]
        return (*([_membership(found)] if found else []), *([_clock(self._windows)] if self._windows else []))

    def _in_segments(self, keys: Iterable[str]) -> Predicate:
        if EVERYONE in keys:
            return lambda facts: True
        bits, others = 0, []
        for key in keys:
            segment = self._segments.get(key)
            bits |= self._bit_of(In((GROUPS,), (key,)))
            if segment is not None and segment.members:
                bits |= self._members.get(key) or self._members.setdefault(key, self._new_bit())
            if segment is not None and segment.when is not None:
                others.append(self._by_rule(key, segment.when))
        return _any([_has_any(bits), *others])

    def _by_rule(self, key: str, when: Condition) -> Predicate:
        if key not in self._rules:
            self._rules[key] = self._predicate(when)
        return self._rules[key]

    def _bit_of(self, condition: In | Compare) -> Facts:
        identity = _identity(condition)
        if identity not in self._bits:
            self._bits[identity] = bit = self._new_bit()
            attribute = self._root
            for name in condition.path:
                attribute = attribute.inner.setdefault(name, Attribute())
            attribute.expect(condition, bit)
            self.is_timely |= isinstance(condition, Compare) and is_timely(condition.operator)
        return self._bits[identity]

    def _new_bit(self) -> Facts:
        return 1 << next(self._next_bit)


def _identity(condition: In | Compare) -> tuple[Path, object, object, bool, bool]:
    """Equal conditions have one. Dataclass equality would merge In(x, (1,)) with In(x, (True,))."""
    if isinstance(condition, In):
        values: object = frozenset((isinstance(one, bool), one) for one in condition.values)
        return condition.path, "in", values, condition.ignore_case, condition.if_missing
    return condition.path, condition.operator, repr(condition.value), condition.ignore_case, condition.if_missing


def _has_any(bits: Facts) -> Predicate:
    return lambda facts: facts & bits != 0


def _has_all(bits: Facts) -> Predicate:
    return lambda facts: facts & bits == bits


def _not(part: Predicate) -> Predicate:
    return lambda facts: not part(facts)


def _all(parts: list[Predicate]) -> Predicate:
    def holds(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  (a generator per call costs more than the loop)
            if not part(facts):
                return False
        return True

    return parts[0] if len(parts) == 1 else holds


def _any(parts: list[Predicate]) -> Predicate:
    def holds(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110
            if part(facts):
                return True
        return False

    return parts[0] if len(parts) == 1 else holds


def _membership(known: list[tuple[Facts, frozenset[str]]]) -> Reader:
    def members(context: Context, at: float) -> Facts:
        try:
            unit = read_unit(context.get(TARGETING_KEY))
        except InvalidContext:
            return 0
        facts = 0
        for bit, keys in known:
            if unit in keys:
                facts |= bit
        return facts

    return members


def _clock(windows: Mapping[Window, Facts]) -> Reader:
    """The bits of the windows that are open. Between two edges nothing changes, so each stretch has its own sum."""
    edges = window_edges(windows)
    starts = [float("-inf"), *edges]
    open_bits = [sum(bit for window, bit in windows.items() if is_open(window, start)) for start in starts]
    return lambda context, at: open_bits[bisect_right(edges, at)]


def window_edges(windows: Iterable[Window]) -> list[float]:
    """When one of them opens or closes, in seconds since 1970, ascending."""
    given = (one for window in windows for one in (window.starts_at, window.ends_at) if one is not None)
    return sorted({one.timestamp() for one in given})


def is_open(window: Window | None, at: float) -> bool:
    return window is None or (
        not _is_after(window.starts_at, at) and (window.ends_at is None or _is_after(window.ends_at, at))
    )


def _is_after(moment: datetime | None, at: float) -> bool:
    return moment is not None and moment.timestamp() > at
