"""What becomes of a series without data, by each policy, minute by minute: - P F R N as in test_instances."""

import pytest

from apps.alerts.domain.instances import WHOLE, Failed, State
from apps.alerts.domain.rules import NoData
from tests.alerts.domain.build import A, B, Life, rule
from tests.alerts.domain.test_instances import MINUTE, values


@pytest.mark.parametrize(
    ("policy", "minutes", "seen", "expected"),
    [
        (NoData.OK, 0, "x  x", "FRRF"),
        (NoData.OK, 1, "x x", "P-P"),
        (NoData.KEEP, 0, "o x  o", "--FFFR"),
        (NoData.KEEP, 2, "x   x", "PPPPF"),  # pending does not fire on nothing, and the time counts
        (NoData.KEEP, 2, "x  o", "PPP-"),
        (NoData.KEEP, 0, "xo ", "FRR"),
        (NoData.FIRING, 0, "o  o", "-FFR"),
        (NoData.FIRING, 2, "o    o", "-PPFFR"),
        (NoData.FIRING, 2, "x  x", "PPFF"),
        (NoData.FIRING, 1, "o o", "-P-"),
        (NoData.FIRING, 0, "xo ", "FRF"),
        (NoData.OWN_STATE, 0, "o o", "-N-"),
        (NoData.OWN_STATE, 0, "x x", "FNF"),
        (NoData.OWN_STATE, 0, "x o", "FNR"),
        (NoData.OWN_STATE, 0, "xo o", "FRNR"),
        (NoData.OWN_STATE, 1, "xx  o", "PFFNR"),  # has to last, as everything else
        (NoData.OWN_STATE, 1, "xx xo", "PFFFR"),
        (NoData.OWN_STATE, 1, "x  xx", "PPNFF"),
        (NoData.OWN_STATE, 1, "x  o", "PPN-"),
        (NoData.OWN_STATE, 1, "o  x", "--NP"),
    ],
)
def test_a_series_without_data(policy: NoData, minutes: int, seen: str, expected: str) -> None:
    assert Life(rule(no_data=policy, for_seconds=minutes * MINUTE)).see(*values(seen)).line == expected


@pytest.mark.parametrize(
    ("minutes", "seen", "expected"),
    [
        (0, "o o", [(1, "no_data"), (2, "returned")]),
        (0, "x x", [(0, "fired"), (1, "no_data"), (2, "returned")]),
        (0, "x o", [(0, "fired"), (1, "no_data"), (2, "resolved")]),
        (0, "o x", [(1, "no_data"), (2, "fired")]),
        (1, "o  x", [(2, "no_data"), (3, "pending")]),
        (1, "x  o", [(0, "pending"), (2, "no_data"), (3, "returned")]),
    ],
)
def test_no_data_as_a_state_of_its_own_is_told(minutes: int, seen: str, expected: list[tuple[int, str]]) -> None:
    life = Life(rule(no_data=NoData.OWN_STATE, for_seconds=minutes * MINUTE)).see(*values(seen))
    assert life.kinds == expected


def test_the_alert_that_had_fired_before_the_gap_is_the_same_after_it() -> None:
    life = Life(rule(no_data=NoData.OWN_STATE)).see(*values("x x"))
    assert life.instances[A].fired_at == life.instances[A].active_at
    assert life.instances[A].no_data_since is None
    assert life.instances[A].state is State.FIRING


@pytest.mark.parametrize(
    ("policy", "expected", "kinds"),
    [
        (NoData.OWN_STATE, "FNNNNNNNNNN-", [(0, "fired"), (1, "no_data"), (11, "resolved")]),
        (NoData.FIRING, "FFFFFFFFFFF-", [(0, "fired"), (11, "resolved")]),
        (NoData.KEEP, "FFFFFFFFFFF-", [(0, "fired"), (11, "resolved")]),
    ],
)
def test_a_series_that_stays_away_is_forgotten(policy: NoData, expected: str, kinds: list[tuple[int, str]]) -> None:
    life = Life(rule(no_data=policy, forget_seconds=10 * MINUTE))  # without data from minute 1, so for ten at 11
    life.step({A: 11, B: 1})
    for _ in range(11):
        life.step({B: 1})
    assert life.line == expected
    assert life.kinds == kinds
    assert A not in life.instances


def test_a_quiet_series_that_was_without_data_is_forgotten_as_well() -> None:
    life = Life(rule(no_data=NoData.OWN_STATE, forget_seconds=10 * MINUTE))
    life.step({A: 1, B: 1})
    for _ in range(11):
        life.step({B: 1})
    assert life.kinds == [(1, "no_data"), (11, "dropped")]
    assert life.instances.keys() == {B}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(NoData.OK, "----"), (NoData.KEEP, "----"), (NoData.FIRING, "PFR-"), (NoData.OWN_STATE, "-N--")],
)
def test_a_rule_that_never_saw_a_series_lacks_data_as_a_whole(policy: NoData, expected: str) -> None:
    life = Life(rule(no_data=policy, for_seconds=MINUTE), watched=WHOLE)
    life.step({})
    life.step({})
    life.step({A: 1})
    life.minute += 15
    life.step({A: 1})
    assert life.line == expected


def test_the_whole_is_told_of_once_and_ends_when_a_series_appears() -> None:
    life = Life(rule(no_data=NoData.OWN_STATE), watched=WHOLE)
    for _ in range(2_000):  # longer than forget_seconds
        life.step({})
    life.step({A: 1})
    assert life.kinds == [(0, "no_data"), (2_000, "returned")]
    assert life.instances.keys() == {A}


def test_when_the_last_series_is_forgotten_the_rule_lacks_data_as_a_whole() -> None:
    life = Life(rule(no_data=NoData.OWN_STATE, forget_seconds=10 * MINUTE), watched=WHOLE)
    life.step({A: 1})
    for _ in range(12):
        life.step({})
    assert life.line == "-" * 11 + "NN"
    assert life.instances.keys() == {WHOLE}


def test_a_query_over_all_series_has_the_whole_as_its_only_one() -> None:
    life = Life(rule(no_data=NoData.OWN_STATE, forget_seconds=10 * MINUTE), watched=WHOLE)
    assert life.see(1, None, 11, *[None] * 30, 11, 1).line == "-NF" + "N" * 30 + "FR"


def test_a_failed_query_is_not_the_lack_of_data() -> None:
    life = Life(rule(no_data=NoData.FIRING)).see(1)
    life.step(Failed("time-out"))
    assert life.line == "--"
    assert life.kinds == []


def test_a_rule_whose_policy_changes_goes_on_from_before_the_gap() -> None:
    for policy, expected in [(NoData.OK, "FNR"), (NoData.KEEP, "FNF"), (NoData.FIRING, "FNF")]:
        life = Life(rule(no_data=NoData.OWN_STATE)).see(*values("x "))
        life.rule = rule(no_data=policy)
        assert life.see(None).line == expected
