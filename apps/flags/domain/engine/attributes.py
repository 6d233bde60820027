"""The bits that the values of one attribute set. Which conditions share a bit is decided in facts.py."""

from collections.abc import Callable, Mapping

from .definitions import Compare, In, Scalar
from .operators import is_timely, looks_at_whole, test_of

Facts = int  # a set of bits, each standing for one distinct comparison, one segment's member list or one window
_Test = Callable[[object, float], Facts]

_MAX_REMEMBERED = 1_000  # texts per attribute whose tests are not run again


class Attribute:
    """The bits that one attribute's value sets, and those of the attributes inside it."""

    __slots__ = ("absent", "booleans", "folded", "inner", "numbers", "remembered", "tests", "texts", "timely", "wholes")

    def __init__(self) -> None:
        self.texts: dict[str, Facts] = {}
        self.folded: dict[str, Facts] = {}  # by the text in folded case
        self.numbers: dict[int | float, Facts] = {}
        self.booleans: dict[bool, Facts] = {}
        self.tests: list[_Test] = []  # of each element; the same value has the same answer at any time
        self.timely: list[_Test] = []  # of each element, asked anew each time
        self.wholes: list[_Test] = []  # of the value as a whole
        self.absent: Facts = 0  # set when there is no value
        self.inner: dict[str, Attribute] = {}
        self.remembered: dict[str, Facts] = {}

    @property
    def is_plain(self) -> bool:
        """Whether a text needs one lookup and no more."""
        return not (self.folded or self.tests or self.timely or self.wholes)

    def expect(self, condition: In | Compare, bit: Facts) -> None:
        """From now on a value that the condition holds for sets `bit`."""
        if condition.if_missing:
            self.absent |= bit
        if isinstance(condition, In):
            for value in condition.values:
                self._expect_value(value, bit, ignore_case=condition.ignore_case)
            return
        holds = test_of(condition)
        timely, whole = is_timely(condition.operator), looks_at_whole(condition.operator)
        tests = self.wholes if whole else self.timely if timely else self.tests
        tests.append(lambda value, at: bit if holds(value, at) else 0)

    def _expect_value(self, value: Scalar, bit: Facts, *, ignore_case: bool) -> None:
        """Tables of their own, because Python counts True as 1."""
        if isinstance(value, bool):
            self.booleans[value] = self.booleans.get(value, 0) | bit
        elif not isinstance(value, str):
            self.numbers[value] = self.numbers.get(value, 0) | bit
        elif ignore_case:
            self.folded[value.casefold()] = self.folded.get(value.casefold(), 0) | bit
        else:
            self.texts[value] = self.texts.get(value, 0) | bit

    def all_absent(self) -> Facts:
        """What is set when the whole object is missing."""
        facts = self.absent
        for attribute in self.inner.values():
            facts |= attribute.all_absent()
        return facts

    def read(self, value: object, at: float) -> Facts:
        if value is None:
            return self.all_absent()
        facts = 0
        for test in self.wholes:
            facts |= test(value, at)
        if isinstance(value, list | tuple):
            for item in value:
                facts |= self._read_element(item, at)
        elif not isinstance(value, Mapping):
            facts |= self._read_element(value, at)
        for name, attribute in self.inner.items():
            facts |= attribute.read(value.get(name) if isinstance(value, Mapping) else None, at)
        return facts

    def _read_element(self, value: object, at: float) -> Facts:
        facts = self._read_text(value) if isinstance(value, str) else self._read_other(value)
        for test in self.timely:
            facts |= test(value, at)
        return facts

    def _read_text(self, value: str) -> Facts:
        facts = self.remembered.get(value)
        if facts is None:
            facts = self.texts.get(value, 0)
            if self.folded:
                facts |= self.folded.get(value.casefold(), 0)
            for test in self.tests:
                facts |= test(value, 0.0)
            if len(self.remembered) >= _MAX_REMEMBERED:
                self.remembered.clear()
            self.remembered[value] = facts
        return facts

    def _read_other(self, value: object) -> Facts:
        facts = 0
        if isinstance(value, bool):
            facts = self.booleans.get(value, 0)
        elif isinstance(value, int | float):
            facts = self.numbers.get(value, 0)
        for test in self.tests:
            facts |= test(value, 0.0)
        return facts
