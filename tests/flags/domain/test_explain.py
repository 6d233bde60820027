"""The tree behind an answer, its sentence, and the crowd preview."""

import pytest

from apps.flags.domain.engine.bucketing import bucket
from apps.flags.domain.engine.definitions import (
    All,
    Any,
    Condition,
    Fixed,
    Flag,
    FlagStatus,
    FlagType,
    In,
    InSegment,
    Lock,
    Not,
    Nothing,
    Prerequisite,
    Split,
    Variant,
)
from apps.flags.domain.engine.explain import explain, world
from apps.flags.domain.engine.explanation import Cause, Share
from apps.flags.domain.preview import sample
from apps.flags.domain.sentences import sentence
from tests.flags.domain.build import NOW, flag, ramp, rule, segment

SEGMENTS = (segment("internal", "u-42"),)
US = In(("country",), ("US", "CA"))
STAFF = InSegment(("internal", "beta"))
IN_US: dict[str, object] = {"targetingKey": "u-42", "country": "US"}
COLOURS = tuple(Variant(key, key) for key in ("red", "green", "blue"))
LOCKED = Lock("on", True, "PULSEOPS_FEATURE_CHECKOUT")


def said(of: Flag, context: dict[str, object]) -> str:
    return sentence(explain(of, world((), SEGMENTS), context, NOW))


def test_the_tree_shows_every_check() -> None:
    missed = rule(Fixed("off"), In(("plan", "name"), ("pro",)), "first")
    hit = rule(ramp(25_000), All((US, Not(STAFF))), "second")
    of = flag(missed, hit, rule(Fixed("on"), id="third"))
    found = explain(of, world((), SEGMENTS), {"targetingKey": 7, "country": ["DE", "US"]}, NOW)

    first, second = found.rules  # the third was not looked at
    assert (first.matched, first.check and first.check.actual) == (False, None)
    assert second.check is not None
    country, staff = second.check.items
    assert (country.matched, country.actual) == (True, ["DE", "US"])
    assert (staff.matched, staff.items[0].matched, staff.items[0].actual) == (True, False, ())
    assert second.placement is not None
    assert second.placement.unit == "7"
    assert second.placement.bucket == bucket("checkout", "7")
    assert second.placement.shares == (Share("on", 0, 25_000), Share("off", 25_000, 100_000))
    assert (found.key, found.cause, found.reason, found.unit) == ("checkout", Cause.RULE, "SPLIT", "7")


def test_every_way_into_a_segment_is_told_once_a_segment() -> None:
    among = world((), (segment("staff", "u-42"), segment("eu", when=Any((US, InSegment(("staff", "gone")))))))
    of = flag(rule(Fixed("on"), Not(InSegment(("eu", "all"))), "a"), rule(Fixed("on"), InSegment(("staff",)), "b"))
    found = explain(of, among, {"targetingKey": "u-42", "country": "DE", "groups": ["gone"]}, NOW)
    ways = {one.key: (one.defined, one.everyone, one.claimed, one.member) for one in found.segments}
    assert ways == {
        "staff": (True, False, False, True),
        "gone": (False, False, True, False),
        "eu": (True, False, False, False),
        "all": (True, True, False, False),
    }
    (eu,) = (one for one in found.segments if one.key == "eu")
    assert eu.rule is not None
    assert [item.matched for item in eu.rule.items] == [False, True]
    assert eu.matched


def test_a_prerequisite_brings_its_own_explanation_and_its_own_segments() -> None:
    base = flag(rule(Fixed("on"), InSegment(("internal",))), key="base")
    of = flag(rule(Fixed("on"), STAFF), prerequisites=(Prerequisite("base", ("on",)), Prerequisite("gone", ("on",))))
    found = explain(of, world((base,), SEGMENTS), IN_US, NOW)
    met, gone = found.prerequisites
    assert (met.met, gone.met, gone.explanation) == (True, False, None)
    assert met.explanation is not None
    assert sentence(met.explanation) == "on, because u-42 is in internal"
    assert [one.key for one in met.explanation.segments] == ["internal"]
    assert (found.segments, found.not_reached) == ((), of.rules)


def test_many_flags_that_wait_for_the_same_ones_are_explained_quickly() -> None:
    layers = 10
    flags = [
        flag(
            key=f"f-{layer}-{n}",
            default="on",
            prerequisites=tuple(Prerequisite(f"f-{layer - 1}-{m}", ("on",)) for m in range(10) if layer),
        )
        for layer in range(layers)
        for n in range(10)
    ]
    assert explain(flags[-1], world(tuple(flags), ()), {}, NOW).variant == "on"  # 10^9 ways lead down


def test_segments_that_name_the_same_ones_are_looked_into_once() -> None:
    depth = 5
    segments = [
        segment(f"s-{layer}-{n}", when=InSegment(tuple(f"s-{layer - 1}-{m}" for m in range(50))) if layer else US)
        for layer in range(depth)
        for n in range(50)
    ]
    found = explain(flag(rule(Fixed("on"), InSegment((segments[-1].key,)))), world((), tuple(segments)), {}, NOW)
    assert len(found.segments) == 50 * (depth - 1) + 1


def test_a_group_is_checked_to_its_end() -> None:
    found = explain(flag(rule(Fixed("on"), Any((US, STAFF)))), world((), SEGMENTS), IN_US, NOW)
    check = found.rules[0].check
    assert check is not None
    assert [item.matched for item in check.items] == [True, True]
    assert check.items[1].actual == ("internal",)


@pytest.mark.parametrize(
    ("of", "context", "expected"),
    [
        (flag(status=FlagStatus.KILLED), {}, "off, because the flag was killed"),
        (flag(status=FlagStatus.OFF), {}, "off, because the flag is off"),
        (flag(default="on"), {}, "on, because the flag is on and has no rules"),
        (flag(rule(Fixed("on"), US)), {}, "off, because no rule matched"),
        (flag(rule(Fixed("on"), id="qa")), {}, "on, because rule qa is for everyone"),
        (flag(lock=LOCKED), {}, "on, because the value is locked by PULSEOPS_FEATURE_CHECKOUT"),
        (
            flag(rule(ramp(25_000))),
            {},
            "the code default, because the context has no targetingKey, and this flag is split by it",
        ),
    ],
)
def test_sentences_about_the_flag(of: Flag, context: dict[str, object], expected: str) -> None:
    assert said(of, context) == expected


@pytest.mark.parametrize(
    ("when", "context", "expected"),
    [
        (STAFF, IN_US, "u-42 is in internal"),
        (STAFF, {"groups": ["beta"]}, "the user is in beta"),
        (US, IN_US, "country is US"),
        (US, {"country": ["DE", "US"]}, "country is DE and US"),
        (In(("a", "b"), (True,)), {"a": {"b": True}}, "a.b is True"),
        (All((US, STAFF)), IN_US, "country is US and u-42 is in internal"),
        (Any((Not(US), STAFF)), IN_US, "u-42 is in internal"),
        (Not(US), {}, "country is missing"),
        (Not(US), {"country": "DE"}, "country is not US or CA"),
        (Nothing((US, STAFF)), {"country": 1}, "country is not US or CA and the user is not in internal or beta"),
        (Not(Not(US)), IN_US, "country is US"),
        (Not(Nothing((US, STAFF))), IN_US, "country is US"),
        (Not(All((US, In(("x",), (1, 2, 3, 4, 5))))), IN_US | {"x": 9}, "x is not 1, 2, 3 or 2 more"),
    ],
)
def test_sentences_about_a_condition(when: Condition, context: dict[str, object], expected: str) -> None:
    assert said(flag(rule(Fixed("on"), when)), context) == f"on, because {expected}"


@pytest.mark.parametrize(
    ("split", "at", "expected"),
    [
        (ramp(25_000), 74_210, "off, because bucket 74.21 % falls outside the 25 % that get on"),
        (ramp(25_000), 25_000, "off, because bucket 25 % falls outside the 25 % that get on"),
        (ramp(25_000), 24_999, "on, because bucket 24.999 % falls within the 25 % that get on"),
        (ramp(0), 3, "off, because bucket 0.003 % falls within the 100 % that get off"),
    ],
)
def test_sentences_about_a_ramp(split: Split, at: int, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.flags.domain.engine.explain.bucket", lambda salt, unit: at)
    assert said(flag(rule(split)), IN_US) == expected


def test_sentences_about_three_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.flags.domain.engine.explain.bucket", lambda salt, unit: 40_000)
    split = Split((("red", 25_000), ("green", 25_000), ("blue", 50_000)))
    of = flag(rule(split), type=FlagType.STRING, variants=COLOURS, default="red", off="red")
    assert said(of, IN_US) == "green, because bucket 40 % falls between 25 % and 50 %"


def test_the_preview_counts_a_fixed_crowd() -> None:
    preview = sample(flag(rule(ramp(25_000))), (), at=NOW)
    assert preview == sample(flag(rule(ramp(25_000)), version=9), (), at=NOW)
    assert preview.size == sum(count for _, count in preview.counts) == 1_000
    assert [variant for variant, _ in preview.counts] == ["on", "off"]
    by_hand = sum(bucket("checkout", f"user-{n:04}") < 25_000 for n in range(1, 1_001))
    assert preview.count("on") == by_hand
    assert abs(by_hand - 250) < 50


def test_the_preview_uses_context_and_segments() -> None:
    of = flag(rule(Fixed("on"), All((US, InSegment(("first",))))))
    crowd = (segment("first", "user-0001", "user-0100"),)
    assert sample(of, crowd, at=NOW, size=100).count("on") == 0
    assert sample(of, crowd, at=NOW, size=100, context={"country": "US"}).count("on") == 2


def test_the_preview_of_an_invalid_or_locked_flag() -> None:
    assert sample(flag(default="gone"), (), at=NOW, size=5).counts == (("on", 0), ("off", 0))
    locked = flag(lock=Lock("environment", True, "X"))
    assert sample(locked, (), at=NOW, size=5).count("environment") == 5
