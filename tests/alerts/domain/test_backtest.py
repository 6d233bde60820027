"""What a rule would have done, against a history counted by hand and against the rule as it runs."""

from hypothesis import given

from apps.alerts.domain.backtest import Backtest, Firing, backtest
from apps.alerts.domain.instances import Failed, Instances, Kind, Vector, step
from apps.alerts.domain.rules import Comparison, NoData, Rule
from tests.alerts.domain.build import GOOD, A, B, at, rule
from tests.alerts.domain.strategies import Look, histories, rules


def past(one: Rule, *vectors: Vector | Failed) -> Backtest:
    """One vector a minute."""
    looks = {at(minute): vector for minute, vector in enumerate(vectors)}
    return backtest(one, looks, looks.__getitem__)


def test_firings_have_their_times_and_their_worst_value() -> None:
    done = past(rule(), {A: 11, B: 9}, {A: 15, B: 12}, {A: 12, B: 9}, {A: GOOD}, {A: 20})
    assert done.firings == (
        Firing(A, at(0), at(3), 15),
        Firing(B, at(1), at(2), 12),
        Firing(A, at(4), None, 20),
    )
    assert done.notices == 5  # three began, two ended
    assert (done.ticks, done.failures) == (5, 0)


def test_the_worst_value_is_the_lowest_where_less_is_worse() -> None:
    done = past(rule(comparison=Comparison.LT), {A: 9}, {A: 3}, {A: 8}, {A: 10})
    assert done.firings == (Firing(A, at(0), at(3), 3),)


def test_what_is_only_pending_is_no_firing_and_no_notice() -> None:
    done = past(rule(for_seconds=120), {A: 11}, {A: 11}, {A: 1}, {A: 11})
    assert done == Backtest((), notices=0, ticks=4, failures=0)


def test_keeping_on_firing_and_failed_queries_are_part_of_it() -> None:
    done = past(rule(keep_firing_for_seconds=60), {A: 11}, Failed("time-out"), {A: 10}, {A: 11}, {A: 10}, {A: 9})
    assert done.firings == (Firing(A, at(0), at(5), 11),)
    assert (done.notices, done.failures) == (2, 1)


def test_a_gap_does_not_end_a_firing_that_keeps_its_state() -> None:
    for policy, notices in [(NoData.KEEP, 2), (NoData.OWN_STATE, 4)]:  # the latter tells of the gap and of its end
        done = past(rule(no_data=policy), {A: 11}, {}, {A: 12}, {A: 1})
        assert (done.firings, done.notices) == ((Firing(A, at(0), at(3), 12),), notices)


def test_a_rule_that_fires_for_want_of_data_has_no_worst_value() -> None:
    done = past(rule(no_data=NoData.FIRING), {A: 1}, {}, {A: 2})
    assert done.firings == (Firing(A, at(1), at(2), None),)
    assert past(rule(no_data=NoData.FIRING), {A: 1}, {}).firings == (Firing(A, at(1), None, None),)


@given(rules(), histories())
def test_a_backtest_is_what_the_rule_does(rule: Rule, looks: list[Look]) -> None:
    vectors = {look.at: look.vector for look in looks}
    done = backtest(rule, vectors, vectors.__getitem__)
    instances: Instances = {}
    fired, notices = [], 0
    for moment, vector in vectors.items():
        stepped = step(rule, instances, vector, moment)
        instances = stepped.instances
        fired += [(moment, one.labels) for one in stepped.transitions if one.kind is Kind.FIRED]
        notices += sum(one.is_news for one in stepped.transitions)
    assert [(one.from_at, one.labels) for one in done.firings] == sorted(fired)
    assert done.notices == notices
