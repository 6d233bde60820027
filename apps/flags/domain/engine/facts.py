"""Turns conditions into bits, and a context into the bits that hold for it: one lookup per attribute, however
many conditions read it. Which flag wants which bits is not known here."""

from collections.abc import Callable, Mapping
from itertools import count

from .context import GROUPS, TARGETING_KEY, InvalidContext, read_unit
from .definitions import EVERYONE, All, Any, Condition, In, InSegment, Not, Nothing, Scalar, Segment

Context = Mapping[str, object]
Facts = int  # a set of bits, each standing for one distinct In or one segment's member list
Predicate = Callable[[Facts], bool]
Reader = Callable[[Context], Facts]


class _Attribute:
    """The bits that one attribute's value sets, and those of the attributes inside it."""

    __slots__ = ("booleans", "inner", "numbers", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, Facts] = {}
        self.numbers: dict[int | float, Facts] = {}
        self.booleans: dict[bool, Facts] = {}
        self.inner: dict[str, _Attribute] = {}

    def expect(self, value: Scalar, bit: Facts) -> None:
        """From now on `value` sets `bit`. Three tables, because Python counts True as 1."""
        if isinstance(value, str):
            self.texts[value] = self.texts.get(value, 0) | bit
        elif isinstance(value, bool):
            self.booleans[value] = self.booleans.get(value, 0) | bit
        else:
            self.numbers[value] = self.numbers.get(value, 0) | bit

    def read(self, value: object) -> Facts:
        facts = 0
        if isinstance(value, list | tuple):
            for item in value:
                facts |= self._read_scalar(item)
        elif isinstance(value, Mapping):
            for name, attribute in self.inner.items():
                facts |= attribute.read(value.get(name))
        else:
            facts = self._read_scalar(value)
        return facts

    def _read_scalar(self, value: object) -> Facts:
        if isinstance(value, str):
            return self.texts.get(value, 0)
        if isinstance(value, bool):
            return self.booleans.get(value, 0)
        if isinstance(value, int | float):
            return self.numbers.get(value, 0)
        return 0


class FactTable:
    """Collects conditions and gives equal ones the same bit. Complete once all predicates were asked for."""

    def __init__(self, segments: Mapping[str, Segment]) -> None:
        self._segments = segments
        self._bits: dict[object, Facts] = {}
        self._next_bit = count()
        self._root = _Attribute()
        self._members: dict[str, Facts] = {}

    def predicate(self, condition: Condition | None) -> Predicate:
        """What to ask of the facts to know whether the condition holds."""
        match condition:
            case None:
                return lambda facts: True
            case In() | InSegment():
                return self._leaf(condition)
            case Not(item):
                inner = self.predicate(item)
                return lambda facts: not inner(facts)
            case All(items):
                return _all([self.predicate(item) for item in items])
            case Any(items):
                return _any([self.predicate(item) for item in items])
            case Nothing(items):
                found = _any([self.predicate(item) for item in items])
                return lambda facts: not found(facts)

    def reader(self) -> Reader:
        """The function that reads all bits off a context. On the hot path, so text needs no further call."""
        attributes = tuple((name, one.texts, one.read) for name, one in self._root.inner.items())
        tests = self._tests()

        def read(context: Context) -> Facts:
            facts = 0
            for name, texts, read_other in attributes:
                value = context.get(name)
                if type(value) is str:
                    facts |= texts.get(value, 0)
                elif value is not None:
                    facts |= read_other(value)
            for test in tests:
                facts |= test(context)
            return facts

        return read

    def _tests(self) -> tuple[Reader, ...]:
        """What no lookup by attribute can tell."""
        found = [(bit, self._segments.get(key)) for key, bit in self._members.items()]
        known = [(bit, segment.members) for bit, segment in found if segment is not None]
        return (_membership(known),) if known else ()

    def _leaf(self, condition: In | InSegment) -> Predicate:
        if isinstance(condition, In):
            return _holds(self._bit_of(condition))
        if EVERYONE in condition.keys:
            return lambda facts: True
        bits = 0
        for key in condition.keys:
            bits |= self._bit_of(In((GROUPS,), (key,)))
            bits |= self._members.get(key) or self._members.setdefault(key, 1 << next(self._next_bit))
        return _holds(bits)

    def _bit_of(self, condition: In) -> Facts:
        # Dataclass equality would merge In(x, (1,)) with In(x, (True,)).
        identity = condition.path, frozenset((isinstance(one, bool), one) for one in condition.values)
        if identity not in self._bits:
            self._bits[identity] = bit = 1 << next(self._next_bit)
            attribute = self._root
            for name in condition.path:
                attribute = attribute.inner.setdefault(name, _Attribute())
            for value in condition.values:
                attribute.expect(value, bit)
        return self._bits[identity]


def _holds(bits: Facts) -> Predicate:
    return lambda facts: facts & bits != 0


def _all(parts: list[Predicate]) -> Predicate:
    def holds(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  (a generator per call costs more than the loop)
            if not part(facts):
                return False
        return True

    return holds


def _any(parts: list[Predicate]) -> Predicate:
    def holds(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110
            if part(facts):
                return True
        return False

    return holds


def _membership(known: list[tuple[Facts, frozenset[str]]]) -> Reader:
    def members(context: Context) -> Facts:
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
