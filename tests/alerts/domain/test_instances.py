"""The life of one series minute by minute, counted by hand: - quiet, P pending, F firing, R resolved, N no data."""

from dataclasses import replace

import pytest

from apps.alerts.domain.instances import Failed, Instance, State, TooManySeries, step
from apps.alerts.domain.labels import label_set
from apps.alerts.domain.rules import Comparison
from tests.alerts.domain.build import BAD, GOOD, A, B, Life, at, rule

MINUTE = 60


def values(line: str) -> list[float | None]:
    """x is bad, o good, and a space no data."""
    return [{"x": BAD, "o": GOOD, " ": None}[letter] for letter in line]


@pytest.mark.parametrize(
    ("minutes", "keep", "seen", "expected"),
    [
        (0, 0, "oxo", "-FR"),  # fires in the evaluation that sees it first
        (1, 0, "oxxo", "-PFR"),
        (2, 0, "xxxo", "PPFR"),  # has held for two minutes at the third look
        (2, 0, "xxox", "PP-P"),  # pending ends without a word
        (2, 0, "xxoxxx", "PP-PPF"),  # and begins anew
        (0, 0, "xox", "FRF"),  # a new alert
        (1, 0, "xxox", "PFRP"),
        (0, 2, "xooo", "FFFR"),  # goes on for two minutes from the first good look
        (0, 2, "xoxooo", "FFFFFR"),  # a bad one in between starts that anew
        (0, 1, "xoo", "FFR"),
        (0, 0, "x ", "FR"),  # a series that is gone is well
        (1, 0, "x x", "P-P"),
    ],
)
def test_for_and_keep_firing_for(minutes: int, keep: int, seen: str, expected: str) -> None:
    life = Life(rule(for_seconds=minutes * MINUTE, keep_firing_for_seconds=keep * MINUTE))
    assert life.see(*values(seen)).line == expected


def test_each_transition_is_told_once() -> None:
    life = Life(rule(for_seconds=2 * MINUTE, keep_firing_for_seconds=MINUTE)).see(*values("oxxxxoooxo"))
    assert life.line == "-PPFFFRRP-"
    assert life.kinds == [(1, "pending"), (3, "fired"), (6, "resolved"), (8, "pending"), (9, "dropped")]


def test_an_instance_knows_when_what_happened() -> None:
    life = Life(rule(for_seconds=2 * MINUTE, keep_firing_for_seconds=2 * MINUTE)).see(11, 12, 13, 9)
    assert life.instances[A] == Instance(State.FIRING, 9, at(0), at(2), keep_firing_since=at(3))
    life.see(14)
    assert life.instances[A] == Instance(State.FIRING, 14, at(0), at(2))
    life.see(8, 7, 6)
    assert life.instances[A] == Instance(State.RESOLVED, 6, at(0), at(2), at(5), resolved_at=at(7))


def test_a_resolved_instance_is_kept_for_fifteen_minutes() -> None:
    life = Life(rule()).see(BAD, *[GOOD] * 17)
    assert life.line == "F" + "R" * 16 + "-"  # resolved at minute 1; at minute 16 fifteen have passed, at 17 more
    assert life.instances == {}
    assert life.kinds == [(0, "fired"), (1, "resolved")]


def test_a_rule_that_by_now_asks_for_more_time_sends_a_firing_instance_back() -> None:
    life = Life(rule(for_seconds=MINUTE)).see(BAD, BAD)
    life.rule = replace(life.rule, for_seconds=4 * MINUTE)
    life.see(BAD, BAD, BAD, GOOD)
    assert life.line == "PFPPFR"
    assert life.kinds == [(0, "pending"), (1, "fired"), (2, "pending"), (4, "fired"), (5, "resolved")]


def test_a_clock_that_goes_back_sends_nothing_back() -> None:
    fired = {A: Instance(State.FIRING, BAD, at(5), at(5))}
    assert step(rule(), fired, {A: BAD}, at(4)).transitions == ()


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_failed_query_changes_nothing(minutes: int) -> None:
    life = Life(rule(for_seconds=minutes * MINUTE)).see(BAD)
    before = life.instances
    for _ in range(3):
        life.step(Failed("the database did not answer"))
    assert life.instances is before
    assert life.line == ("P" if minutes else "F") * 4
    assert len(life.kinds) == 1
    assert life.see(BAD).line.endswith("F")


@pytest.mark.parametrize(
    ("comparison", "threshold", "bad", "good"),
    [
        (Comparison.GT, 5, (5.1, float("inf")), (5, 4, float("-inf"))),
        (Comparison.GTE, 5, (5, 6), (4.9,)),
        (Comparison.LT, 5, (4.9, float("-inf")), (5, 6)),
        (Comparison.LTE, 5, (5, 4), (5.1,)),
    ],
)
def test_beyond_the_threshold(
    comparison: Comparison, threshold: float, bad: tuple[float, ...], good: tuple[float, ...]
) -> None:
    one = rule(comparison=comparison, threshold=threshold)
    assert [value for value in (*bad, *good) if step(one, {}, {A: value}, at(0)).instances] == list(bad)
    assert step(one, {}, {A: float("nan")}, at(0)).instances == {}


@pytest.mark.parametrize(
    ("comparison", "recovery", "seen", "expected"),
    [
        (Comparison.GT, 8, (9, 11, 9, 11, 8.1, 8, 9), "-FFFFRR"),  # 9 neither fires nor resolves
        (Comparison.GTE, 8, (9, 10, 9, 8, 7.9), "-FFFR"),
        (Comparison.LT, 12, (11, 9, 11, 11.9, 12, 11), "-FFFRR"),
        (Comparison.LTE, 12, (11, 10, 12, 12.1), "-FFR"),
    ],
)
def test_with_a_recovery_threshold_it_takes_more_to_be_well(
    comparison: Comparison, recovery: float, seen: tuple[float, ...], expected: str
) -> None:
    assert Life(rule(comparison=comparison, recovery_threshold=recovery)).see(*seen).line == expected


def test_between_the_thresholds_pending_ends_and_firing_is_not_sent_back() -> None:
    life = Life(rule(recovery_threshold=8, for_seconds=MINUTE)).see(11, 9, 11, 11, 9)
    life.rule = replace(life.rule, for_seconds=10 * MINUTE)
    assert life.see(9, 11, 9).line == "P-PFFFP-"


def test_the_recovery_threshold_counts_before_keep_firing_for() -> None:
    life = Life(rule(recovery_threshold=8, keep_firing_for_seconds=2 * MINUTE)).see(11, 9, 9, 7, 7, 7)
    assert life.line == "FFFFFR"


def test_series_go_their_own_ways_and_transitions_come_in_the_order_of_labels() -> None:
    many = [label_set({"queue": name}) for name in "edcba"]
    first = step(rule(), {}, dict.fromkeys(many, BAD), at(0))
    assert [one.labels for one in first.transitions] == sorted(many)
    second = step(rule(), first.instances, {A: GOOD, B: BAD}, at(1))
    assert {labels: one.state for labels, one in second.instances.items()} == dict.fromkeys(many, State.RESOLVED) | {
        B: State.FIRING
    }


def test_what_was_before_is_left_as_it_was() -> None:
    before = {A: Instance(State.PENDING, BAD, at(0))}
    step(rule(), before, {B: BAD}, at(1))
    assert before == {A: Instance(State.PENDING, BAD, at(0))}


def test_too_many_series_are_refused() -> None:
    vector = {label_set({"n": str(n)}): BAD for n in range(10_001)}
    with pytest.raises(TooManySeries, match=r"found 10,001 series; a rule may watch 10,000"):
        step(rule(), {}, vector, at(0))
