"""What holds of every rule and every history."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.domain.instances import Failed, Instances, Kind, State, Stepped, Transition, step
from apps.alerts.domain.labels import Labels
from apps.alerts.domain.rules import NoData, Rule
from apps.alerts.domain.storing import dump_instances, load_instances
from tests.alerts.domain.strategies import Look, histories, rules


def lived(rule: Rule, looks: list[Look]) -> Iterator[tuple[Look, Instances, Stepped]]:
    """Each look with what was before and what came of it."""
    before: Instances = {}
    for look in looks:
        stepped = step(rule, before, look.vector, look.at)
        yield look, before, stepped
        before = stepped.instances


def firing(instances: Instances) -> set[Labels]:
    return {labels for labels, one in instances.items() if one.state is State.FIRING}


def told(stepped: Stepped, kind: Kind) -> list[Transition]:
    return [one for one in stepped.transitions if one.kind is kind]


@given(rules(), histories())
def test_nothing_fires_before_its_time(rule: Rule, looks: list[Look]) -> None:
    bad_since: dict[Labels, object] = {}
    for look, _, stepped in lived(rule, looks):
        for one in told(stepped, Kind.FIRED):
            assert one.instance.active_at is not None
            assert look.at - one.instance.active_at >= timedelta(seconds=rule.for_seconds)
        if isinstance(look.vector, Failed) or rule.no_data is not NoData.OK:
            continue
        well = [labels for labels in bad_since if not rule.beyond(look.vector.get(labels, float("nan")))]
        for labels in well:
            del bad_since[labels]
        for labels, value in look.vector.items():
            if rule.beyond(value):
                bad_since.setdefault(labels, look.at)
        for one in told(stepped, Kind.FIRED):
            assert one.instance.active_at == bad_since[one.labels]


@given(rules(), histories())
def test_keeping_on_firing_never_shortens(rule: Rule, looks: list[Look]) -> None:
    patient = replace(rule, keep_firing_for_seconds=rule.keep_firing_for_seconds + 120)
    for (_, _, short), (_, _, long) in zip(lived(rule, looks), lived(patient, looks), strict=True):
        # What has resolved must hold anew before it fires; what was kept on does not, so it fires at least as much.
        assert firing(short.instances) <= firing(long.instances) | without_data(long.instances)


def without_data(instances: Instances) -> set[Labels]:
    return {labels for labels, one in instances.items() if one.state is State.NO_DATA and one.fired_at}


@given(rules(), histories())
def test_what_fires_is_kept_for_as_long_as_the_rule_says(rule: Rule, looks: list[Look]) -> None:
    """Of series with data; those that are forgotten were without for long."""
    for look, before, stepped in lived(rule, looks):
        for one in told(stepped, Kind.RESOLVED):
            since = before[one.labels].keep_firing_since
            if not isinstance(look.vector, Failed) and one.labels in look.vector and rule.keep_firing_for_seconds:
                assert since is not None
                assert look.at - since >= timedelta(seconds=rule.keep_firing_for_seconds)


@given(rules(), histories())
def test_stepping_twice_at_the_same_moment_changes_nothing(rule: Rule, looks: list[Look]) -> None:
    for look, _, stepped in lived(rule, looks):
        again = step(rule, stepped.instances, look.vector, look.at)
        assert again == Stepped(stepped.instances, ())


@given(rules(), rules(), histories())
def test_that_holds_after_the_rule_was_edited_as_well(rule: Rule, edited: Rule, looks: list[Look]) -> None:
    for look, before, _ in lived(rule, looks):
        first = step(edited, before, look.vector, look.at)
        assert step(edited, first.instances, look.vector, look.at) == Stepped(first.instances, ())


@given(rules(), histories(), st.randoms(use_true_random=False))
def test_the_order_of_series_does_not_matter(rule: Rule, looks: list[Look], chance: Random) -> None:
    for look, before, stepped in lived(rule, looks):
        if not isinstance(look.vector, Failed):
            shuffled = dict(sorted(look.vector.items(), key=lambda _: chance.random()))
            others = dict(sorted(before.items(), key=lambda _: chance.random()))
            assert step(rule, others, shuffled, look.at) == stepped


@given(rules(), histories())
def test_a_restart_between_any_two_evaluations_loses_nothing(rule: Rule, looks: list[Look]) -> None:
    for look, before, stepped in lived(rule, looks):
        kept = load_instances(json.loads(json.dumps(dump_instances(before), allow_nan=False)))
        assert kept == before
        assert step(rule, kept, look.vector, look.at) == stepped


@given(rules(), histories())
def test_a_recovery_threshold_never_makes_a_rule_fire_earlier(rule: Rule, looks: list[Look]) -> None:
    """Up to the first firing both do the same; later the one with it may have gone on where the other fired anew."""
    plain, calm = replace(rule, recovery_threshold=None), rule
    fired: set[Labels] = set()
    for (_, _, one), (_, _, other) in zip(lived(plain, looks), lived(calm, looks), strict=True):
        fired |= {each.labels for each in told(one, Kind.FIRED)}
        assert {each.labels for each in told(other, Kind.FIRED)} <= fired
        assert firing(one.instances) <= firing(other.instances) | without_data(other.instances)


@given(rules(), histories())
def test_failed_queries_may_be_left_out_of_a_history(rule: Rule, looks: list[Look]) -> None:
    answered = [look for look in looks if not isinstance(look.vector, Failed)]
    whole = [one.transitions for _, _, one in lived(rule, looks) if one.transitions]
    assert whole == [one.transitions for _, _, one in lived(rule, answered) if one.transitions]


@given(rules(), histories())
def test_states_and_moments_fit_together(rule: Rule, looks: list[Look]) -> None:
    for look, _, stepped in lived(rule, looks):
        for one in stepped.instances.values():
            assert (one.state is State.PENDING) <= (one.active_at is not None and one.fired_at is None)
            assert (one.state is State.FIRING) <= (one.fired_at is not None and one.resolved_at is None)
            assert (one.state is State.RESOLVED) <= (one.resolved_at is not None)
            assert (one.state is State.NO_DATA) <= (one.no_data_since is not None)
            moments = [one.active_at, one.fired_at, one.keep_firing_since, one.resolved_at]
            known = [moment for moment in moments if moment]
            assert known == sorted(known)
            assert all(moment <= look.at for moment in known)
            if rule.no_data in (NoData.OK, NoData.KEEP):
                assert one.state is not State.INACTIVE
