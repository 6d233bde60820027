"""Prerequisites, overrides, windows and splits by other attributes: what each decides, alone and among all flags."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.flags.domain.engine.bucketing import bucket
from apps.flags.domain.engine.compiler import CompiledRuleset, compile_ruleset
from apps.flags.domain.engine.definitions import (
    Compare,
    Fixed,
    Flag,
    FlagStatus,
    In,
    InSegment,
    Operator,
    Override,
    Prerequisite,
    Ruleset,
    Segment,
    Split,
    Window,
)
from apps.flags.domain.engine.explain import explain, world
from apps.flags.domain.engine.explanation import Cause
from apps.flags.domain.engine.outcome import ErrorCode, Outcome, Reason
from apps.flags.domain.sentences import sentence
from tests.flags.domain.build import NOW, flag, ramp, rule, segment

HOUR = timedelta(hours=1)
NOON = datetime.fromtimestamp(NOW, UTC)
BASE_ON = (Prerequisite("base", ("on",)),)
USERS = [f"user-{n}" for n in range(200)]


def compiled(*flags: Flag, segments: tuple[Segment, ...] = ()) -> CompiledRuleset:
    return compile_ruleset(Ruleset(1, flags, segments))


def answer(ruleset: CompiledRuleset, key: str = "checkout", at: float = NOW, **context: Any) -> Outcome:
    """The same alone, among all, a first and a second time, and by the book."""
    alone = ruleset.evaluate(key, context, at)
    assert alone is not None
    place = [one.key for one in ruleset.flags].index(key)
    for _ in range(3):  # without a plan, with a new one, with a known one
        assert ruleset.evaluate_all(context, at)[place] is alone
        assert ruleset.answer_all(context, at)[0][place] is alone
    told = explain(ruleset.flags[place], world(ruleset.flags, ruleset.segments), context, at)
    assert (told.variant, told.reason, told.error_code) == (alone.variant, alone.reason, alone.error_code)
    return alone


# --- prerequisites --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "expected", "reason"),
    [
        (flag(key="base", default="on"), "on", Reason.DEFAULT),
        (flag(key="base", default="off"), "off", Reason.DEFAULT),
        (flag(key="base", default="on", status=FlagStatus.OFF), "off", Reason.DEFAULT),
        (flag(key="base", default="on", status=FlagStatus.KILLED), "off", Reason.DEFAULT),
        (flag(key="base", default="broken"), "off", Reason.DEFAULT),  # it answers an error, so it serves nothing
        (flag(key="other", default="on"), "off", Reason.DEFAULT),  # there is no base
    ],
)
def test_a_flag_waits_for_another(base: Flag, expected: str, reason: Reason) -> None:
    found = answer(compiled(flag(default="on", prerequisites=BASE_ON), base))
    assert (found.variant, found.reason) == (expected, reason)


def test_what_is_waited_for_may_differ_from_user_to_user() -> None:
    base = flag(rule(ramp(50_000)), key="base")
    ruleset = compiled(flag(default="on", prerequisites=BASE_ON), base)
    on = {user for user in USERS if answer(ruleset, targetingKey=user).variant == "on"}
    assert on == {user for user in USERS if bucket("base", user) < 50_000}
    assert 60 < len(on) < 140


def test_a_killed_flag_looks_at_nothing_else() -> None:
    killed = flag(status=FlagStatus.KILLED, prerequisites=BASE_ON)
    assert answer(compiled(killed)).reason is Reason.DISABLED


def test_rows_of_prerequisites_are_followed_to_their_end() -> None:
    row = [flag(key=f"f{n}", default="on", prerequisites=(Prerequisite(f"f{n + 1}", ("on",)),)) for n in range(5)]
    last = flag(rule(Fixed("on"), In(("country",), ("DE",))), key="f5")
    ruleset = compiled(*row, last)
    assert answer(ruleset, "f0", country="DE").variant == "on"
    assert answer(ruleset, "f0", country="FR").variant == "off"


def test_a_circle_answers_an_error_and_harms_no_other_flag() -> None:
    one = flag(key="one", default="on", prerequisites=(Prerequisite("two", ("on",)),))
    two = flag(key="two", default="on", prerequisites=(Prerequisite("one", ("on",)),))
    waiting = flag(key="waiting", default="on", prerequisites=(Prerequisite("one", ("on",)),))
    ruleset = compiled(one, two, waiting, flag(default="on"))
    assert answer(ruleset, "one").error_details == (
        "the definition is invalid: prerequisites: form a circle: one → two → one"
    )
    assert answer(ruleset, "waiting").error_code is ErrorCode.PARSE_ERROR
    assert answer(ruleset).variant == "on"


def test_a_circle_through_a_flag_that_is_off_is_none() -> None:
    one = flag(key="one", default="on", prerequisites=(Prerequisite("two", ("off",)),))
    two = flag(key="two", default="on", status=FlagStatus.OFF, prerequisites=(Prerequisite("one", ("on",)),))
    assert answer(compiled(one, two), "one").variant == "on"


def test_clients_wait_for_flags_that_they_do_not_see() -> None:
    hidden = flag(rule(Fixed("on"), In(("country",), ("DE",))), key="base", client_exposed=False)
    ruleset = compiled(flag(default="on", prerequisites=BASE_ON), hidden)
    for country, expected in (("DE", "on"), ("FR", "off")):
        (seen,) = ruleset.evaluate_all({"country": country}, NOW, client_only=True)
        assert (seen.key, seen.variant) == ("checkout", expected)


def test_the_next_ruleset_waits_for_the_new_flag() -> None:
    before = compiled(flag(default="on", prerequisites=BASE_ON), flag(key="base", default="on"))
    after = before.replace(2, [flag(key="base", default="off")])
    assert answer(before).variant == "on"
    assert answer(after).variant == "off"
    assert answer(after.replace(3, (), removed=["base"])).variant == "off"


def test_the_sentence_names_what_is_missing() -> None:
    one = flag(default="on", prerequisites=(Prerequisite("base", ("on", "beta")),))
    told = explain(one, world((flag(key="base", default="off"),), ()), {}, NOW)
    assert told.cause is Cause.PREREQUISITE
    assert sentence(told) == "off, because it waits for base to serve on or beta, which serves off"
    alone = explain(one, world((), ()), {}, NOW)
    assert sentence(alone) == "off, because it waits for base to serve on or beta, which serves nothing"


# --- overrides ------------------------------------------------------------------------------------


def test_an_override_wins_over_rules_for_its_users_alone() -> None:
    ruleset = compiled(flag(rule(Fixed("off")), overrides=(Override("on", ("u-1", "7")),)))
    found = answer(ruleset, targetingKey="u-1")
    assert (found.variant, found.reason) == ("on", Reason.TARGETING_MATCH)
    assert found.metadata == {"flagVersion": 1, "override": True}
    assert answer(ruleset, targetingKey=7).variant == "on"  # the number 7 and the text "7" are one user
    assert answer(ruleset, targetingKey="u-2").variant == "off"
    assert answer(ruleset).variant == "off"


def test_an_override_ends_just_before_its_moment() -> None:
    ruleset = compiled(flag(overrides=(Override("on", ("u-1",), NOON),)))
    assert answer(ruleset, targetingKey="u-1", at=NOW - 0.001).variant == "on"
    assert answer(ruleset, targetingKey="u-1", at=NOW).variant == "off"


@pytest.mark.parametrize("status", [FlagStatus.OFF, FlagStatus.KILLED])
def test_no_override_turns_a_flag_on_that_is_off(status: FlagStatus) -> None:
    ruleset = compiled(flag(status=status, overrides=(Override("on", ("u-1",)),)))
    assert answer(ruleset, targetingKey="u-1").variant == "off"


def test_an_overridden_prerequisite_counts_as_overridden() -> None:
    base = flag(key="base", default="off", overrides=(Override("on", ("u-1",)),))
    ruleset = compiled(flag(default="on", prerequisites=BASE_ON), base)
    assert answer(ruleset, targetingKey="u-1").variant == "on"
    assert answer(ruleset, targetingKey="u-2").variant == "off"


def test_an_override_does_not_replace_a_prerequisite() -> None:
    one = flag(prerequisites=BASE_ON, overrides=(Override("on", ("u-1",)),))
    assert answer(compiled(one, flag(key="base", default="off")), targetingKey="u-1").variant == "off"


# --- windows and time -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "open_at"),
    [
        (Window(NOON - HOUR, NOON), [-3600, -1]),
        (Window(NOON, None), [0, 3600]),
        (Window(None, NOON), [-3600, -1]),
        (Window(NOON, NOON + HOUR), [0, 3599]),
    ],
)
def test_a_rule_counts_within_its_window(window: Window, open_at: list[int]) -> None:
    ruleset = compiled(flag(replace(rule(Fixed("on")), window=window)))
    moments = [-3601, -3600, -1, 0, 3599, 3600]
    found = [moment for moment in moments if answer(ruleset, at=NOW + moment).variant == "on"]
    assert (found[0], found[-1]) == ((-3601 if window.starts_at is None else open_at[0]), open_at[1])


def test_ages_are_measured_from_now() -> None:
    recent = Compare(("signed_up_at",), Operator.NEWER_THAN, 7 * 86_400)
    ruleset = compiled(flag(rule(Fixed("on"), recent)))
    week_ago = NOW - 7 * 86_400
    assert answer(ruleset, signed_up_at=week_ago + 1).variant == "on"
    assert answer(ruleset, signed_up_at=week_ago).variant == "off"
    assert answer(ruleset, signed_up_at=week_ago, at=NOW - 1).variant == "on"


def test_the_moment_moves_with_every_edge_and_only_then() -> None:
    one = flag(
        replace(rule(Fixed("on")), window=Window(NOON, NOON + HOUR)),
        overrides=(Override("on", ("u-1",), NOON + 2 * HOUR),),
    )
    ruleset = compiled(one)
    moments = [ruleset.moment(NOW + seconds) for seconds in (-1, 0, 3599, 3600, 7199, 7200, 9999)]
    assert moments == [0, 1, 1, 2, 2, 3, 3]
    assert compiled(flag(default="on")).moment(NOW) == compiled(flag()).moment(NOW + 1e6)


def test_with_ages_the_moment_moves_every_minute_and_the_period_does_not() -> None:
    ruleset = compiled(flag(rule(Fixed("on"), Compare(("t",), Operator.OLDER_THAN, 60))))
    start = NOW - NOW % 60
    assert ruleset.moment(start) == ruleset.moment(start + 59) != ruleset.moment(start + 60)
    assert ruleset.period(start) == ruleset.period(start + 60)


# --- splits ---------------------------------------------------------------------------------------


def test_a_split_by_another_attribute_keeps_its_bearers_together() -> None:
    by_company = replace(ramp(50_000), by=("company", "id"))
    ruleset = compiled(flag(rule(by_company)))
    for number in range(20):
        company = {"id": f"c-{number}"}
        variants = {answer(ruleset, targetingKey=user, company=company).variant for user in USERS[:10]}
        assert variants == {"on" if bucket("checkout", f"c-{number}") < 50_000 else "off"}


def test_the_fallback_is_taken_where_the_attribute_is_missing() -> None:
    split = replace(ramp(50_000), by=("device",), fallback_by=("targetingKey",))
    ruleset = compiled(flag(rule(split)))
    expected = {True: "on", False: "off"}
    for user in USERS[:30]:
        assert answer(ruleset, targetingKey=user).variant == expected[bucket("checkout", user) < 50_000]
        assert answer(ruleset, targetingKey=user, device="d-1").variant == expected[bucket("checkout", "d-1") < 50_000]


@pytest.mark.parametrize(
    ("split", "context", "code", "details"),
    [
        (
            replace(ramp(1), by=("device",)),
            {"targetingKey": "u-1"},
            ErrorCode.INVALID_CONTEXT,
            "the context has no device, and this flag is split by it",
        ),
        (
            replace(ramp(1), by=("device",), fallback_by=("targetingKey",)),
            {},
            ErrorCode.TARGETING_KEY_MISSING,
            "the context has no device or targetingKey, and this flag is split by it",
        ),
        (
            replace(ramp(1), by=("device",)),
            {"device": True},
            ErrorCode.INVALID_CONTEXT,
            "device must be text that UTF-8 can carry or an integer of at most 64 bits",
        ),
    ],
)
def test_a_split_says_what_it_misses(split: Split, context: dict[str, Any], code: ErrorCode, details: str) -> None:
    found = answer(compiled(flag(rule(split))), **context)
    assert (found.error_code, found.error_details) == (code, details)


# --- segments with rules --------------------------------------------------------------------------


def test_a_segment_holds_members_claims_and_whom_its_rule_names() -> None:
    german = segment("german", "u-1", when=In(("country",), ("DE",)))
    ruleset = compiled(flag(rule(Fixed("on"), InSegment(("german",)))), segments=(german,))
    assert answer(ruleset, targetingKey="u-1").variant == "on"
    assert answer(ruleset, groups=["german"]).variant == "on"
    assert answer(ruleset, country="DE").variant == "on"
    assert answer(ruleset, targetingKey="u-2", country="FR").variant == "off"


def test_segments_may_name_segments_and_a_circle_adds_nobody() -> None:
    segments = (
        segment("europe", when=InSegment(("german", "french"))),
        segment("german", when=In(("country",), ("DE",))),
        segment("french", "u-1"),
        segment("left", "u-2", when=InSegment(("right",))),
        segment("right", when=InSegment(("left",))),
    )
    ruleset = compiled(
        flag(rule(Fixed("on"), InSegment(("europe",)))),
        flag(rule(Fixed("on"), InSegment(("right",))), key="round"),
        segments=segments,
    )
    assert answer(ruleset, country="DE").variant == "on"
    assert answer(ruleset, targetingKey="u-1").variant == "on"
    assert answer(ruleset, "round", targetingKey="u-2").variant == "off"
    assert answer(ruleset, "round", groups=["right"]).variant == "on"
