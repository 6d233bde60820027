"""Which part of a flag decides, and what clients are told about it."""

import pytest

from apps.flags.domain.engine.compiler import compile_ruleset
from apps.flags.domain.engine.definitions import (
    Fixed,
    Flag,
    FlagStatus,
    In,
    InSegment,
    Lock,
    Ruleset,
    Segment,
)
from apps.flags.domain.engine.outcome import Outcome
from tests.flags.domain.build import NOW, flag, ramp, rule, segment

LOCKED = Lock("on", True, "FEATURE_CHECKOUT")
US = In(("country",), ("US",))
ALWAYS = rule(Fixed("on"), id="always")


def evaluate(of: Flag, context: dict[str, object], *segments: Segment) -> Outcome:
    outcome = compile_ruleset(Ruleset(1, (of,), segments)).evaluate(of.key, context, NOW)
    assert outcome is not None
    return outcome


@pytest.mark.parametrize(
    ("of", "variant", "reason"),
    [
        (flag(default="on"), "on", "STATIC"),
        (flag(ALWAYS), "on", "TARGETING_MATCH"),
        (flag(rule(Fixed("on"), US)), "on", "TARGETING_MATCH"),
        (flag(rule(Fixed("on"), In(("country",), ("DE",)))), "off", "DEFAULT"),
        (flag(rule(ramp(100_000))), "on", "SPLIT"),
        (flag(rule(ramp(0))), "off", "SPLIT"),
        (flag(rule(Fixed("off"), US, "first"), ALWAYS), "off", "TARGETING_MATCH"),
        (flag(ALWAYS, default="on", status=FlagStatus.OFF), "off", "DISABLED"),
        (flag(ALWAYS, off="on", status=FlagStatus.OFF), "on", "DISABLED"),
        (flag(ALWAYS, default="on", status=FlagStatus.KILLED), "off", "DISABLED"),
        (flag(rule(Fixed("off")), lock=LOCKED), "on", "STATIC"),
        (flag(status=FlagStatus.OFF, lock=LOCKED), "on", "STATIC"),
        (flag(status=FlagStatus.KILLED, lock=LOCKED), "off", "DISABLED"),  # a kill always wins
    ],
)
def test_what_decides(of: Flag, variant: str, reason: str) -> None:
    outcome = evaluate(of, {"targetingKey": "u-1", "country": "US"})
    assert (outcome.variant, outcome.value, outcome.reason) == (variant, variant == "on", reason)
    assert outcome.error_code is None


@pytest.mark.parametrize(
    ("context", "code"),
    [
        ({}, "TARGETING_KEY_MISSING"),
        ({"targetingKey": None}, "TARGETING_KEY_MISSING"),
        ({"targetingKey": ""}, "TARGETING_KEY_MISSING"),
        ({"targetingKey": True}, "INVALID_CONTEXT"),
        ({"targetingKey": 1.0}, "INVALID_CONTEXT"),
        ({"targetingKey": ["u-1"]}, "INVALID_CONTEXT"),
        ({"targetingKey": {"id": "u-1"}}, "INVALID_CONTEXT"),
        ({"targetingKey": "\ud800"}, "INVALID_CONTEXT"),
        ({"targetingKey": 2**64}, "INVALID_CONTEXT"),
    ],
)
def test_a_split_needs_somebody(context: dict[str, object], code: str) -> None:
    """The two in one ruleset, so that the bulk answer is asked for the same."""
    split, plain = flag(rule(ramp(50_000))), flag(ALWAYS, key="plain")
    compiled = compile_ruleset(Ruleset(1, (split, plain), ()))
    for outcome, other in [
        (compiled.evaluate("checkout", context, NOW), compiled.evaluate("plain", context, NOW)),
        tuple(compiled.evaluate_all(context, NOW)),
    ]:
        assert outcome is not None
        assert other is not None
        assert (outcome.error_code, outcome.reason, outcome.variant, outcome.value) == (code, "ERROR", None, None)
        assert other.value is True


def test_a_split_that_is_not_reached_needs_nobody() -> None:
    assert evaluate(flag(rule(ramp(50_000), US)), {"country": "DE"}).reason == "DEFAULT"


def test_metadata_names_the_version_and_the_rule() -> None:
    assert evaluate(flag(ALWAYS, version=7), {}).metadata == {"flagVersion": 7, "ruleId": "always"}
    assert evaluate(flag(version=7), {}).metadata == {"flagVersion": 7}


def test_an_unknown_flag_is_none() -> None:
    compiled = compile_ruleset(Ruleset(3, (flag(),), ()))
    assert compiled.evaluate("nope", {}, NOW) is None
    assert compiled.flag("nope") is None
    assert compiled.flag("checkout") == flag()
    assert compiled.version == 3


def test_an_invalid_flag_harms_no_other() -> None:
    compiled = compile_ruleset(Ruleset(1, (flag(default="gone"), flag(key="fine", default="on")), ()))
    broken, fine = compiled.evaluate_all({}, NOW)
    assert broken.error_code == "PARSE_ERROR"
    assert "default_variant" in str(broken.error_details)
    assert fine.value is True


def test_only_exposed_flags_go_to_clients() -> None:
    compiled = compile_ruleset(Ruleset(1, (flag(key="a"), flag(key="b", client_exposed=False)), ()))
    assert [one.key for one in compiled.evaluate_all({}, NOW)] == ["a", "b"]
    assert [one.key for one in compiled.evaluate_all({}, NOW, client_only=True)] == ["a"]


def test_flags_with_one_salt_agree_and_others_do_not() -> None:
    same = [flag(rule(ramp(50_000)), key=key, salt="shared") for key in "ab"]
    other = flag(rule(ramp(50_000)), key="c")
    compiled = compile_ruleset(Ruleset(1, (same[0], other, same[1]), ()))
    answers = [[one.value for one in compiled.evaluate_all({"targetingKey": f"u{n}"}, NOW)] for n in range(200)]
    assert all(first == last for first, _, last in answers)
    assert {first == middle for first, middle, _ in answers} == {True, False}


def test_an_answer_already_given_does_not_change() -> None:
    compiled = compile_ruleset(Ruleset(1, (flag(rule(ramp(50_000))),), ()))
    given = [compiled.evaluate_all({"targetingKey": f"u{n}"}, NOW) for n in range(50)]
    given += [compiled.answer_all({"targetingKey": f"u{n}"}, NOW)[0] for n in range(50)]
    alone = [compiled.evaluate("checkout", {"targetingKey": f"u{n}"}, NOW) for n in range(50)]
    assert [one for [one] in given] == alone * 2


def test_more_distinct_facts_than_are_remembered_change_nothing() -> None:
    """The memories are cleared when full; the answers before and after are the same."""
    wanted = tuple(rule(Fixed("on"), In((f"a{n}",), (True,)), f"r{n}") for n in range(12))
    compiled = compile_ruleset(Ruleset(1, tuple(flag(*wanted, key=f"f{n}") for n in range(60)), ()))
    for facts in range(1, 2**12, 3):
        context: dict[str, object] = {f"a{n}": bool(facts >> n & 1) for n in range(12)}
        lowest = (facts & -facts).bit_length() - 1
        outcome = compiled.evaluate("f0", context, NOW)
        assert outcome is not None
        assert outcome.metadata["ruleId"] == f"r{lowest}"
        assert compiled.evaluate_all(context, NOW)[0] is outcome


def test_a_replaced_segment_reaches_flags_that_did_not_change() -> None:
    targeted = flag(rule(Fixed("on"), InSegment(("beta",))))
    before = compile_ruleset(Ruleset(1, (targeted,), (segment("beta"),)))
    after = before.replace(2, [], (segment("beta", "u-1"),))
    values = [one.evaluate("checkout", {"targetingKey": "u-1"}, NOW) for one in (before, after)]
    assert [one and one.value for one in values] == [False, True]
