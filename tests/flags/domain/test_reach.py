"""Who may get which variants, judged from the definition."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.flags.domain.engine.definitions import (
    Fixed,
    Flag,
    FlagStatus,
    In,
    Lock,
    Override,
    Prerequisite,
    Rule,
    Ruleset,
    Split,
    Window,
)
from apps.flags.domain.engine.explain import explain, world
from apps.flags.domain.reach import Reach, reach, served_variants
from tests.flags.domain.build import NOW, flag, ramp, rule
from tests.flags.domain.strategies import contexts, rulesets

US = In(("country",), ("US",))
OPEN = Window(datetime(2026, 1, 1, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (flag(default="on"), Reach.EVERYONE),
        (flag(default="off"), Reach.NOBODY),
        (flag(default="on", status=FlagStatus.OFF), Reach.NOBODY),
        (flag(default="on", status=FlagStatus.KILLED, lock=Lock("on", True, "X")), Reach.NOBODY),
        (flag(status=FlagStatus.OFF, lock=Lock("on", True, "X")), Reach.EVERYONE),
        (flag(rule(ramp(25_000))), Reach.SOME),
        (flag(rule(ramp(100_000))), Reach.EVERYONE),
        (flag(rule(Split((("on", 0), ("off", 100_000))))), Reach.NOBODY),
        (flag(rule(Fixed("on"), US)), Reach.SOME),
        (flag(rule(Fixed("on"), US), rule(Fixed("on")), rule(Fixed("off"))), Reach.EVERYONE),
        (flag(Rule("w", None, Fixed("on"), OPEN)), Reach.SOME),
        (flag(default="on", overrides=(Override("off", ("u",)),)), Reach.SOME),
        (flag(default="on", prerequisites=(Prerequisite("base", ("on",)),)), Reach.SOME),
    ],
)
def test_who_gets_on(of: Flag, expected: Reach) -> None:
    assert reach(of, ("on",)) is expected


def test_one_of_several_variants_is_enough() -> None:
    assert reach(flag(rule(ramp(25_000))), ("on", "off")) is Reach.EVERYONE


@settings(max_examples=200, deadline=None)
@given(rulesets(), st.lists(contexts, max_size=4))
def test_nobody_gets_another_variant(ruleset: Ruleset, asked: list[dict[str, object]]) -> None:
    among = world(ruleset.flags, ruleset.segments)
    for one in ruleset.flags:
        served = {explain(one, among, context, NOW).variant for context in asked}
        assert served - {None} <= served_variants(one)
