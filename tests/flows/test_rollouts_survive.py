"""Whatever happens to a worker in the middle of a rollout, no stage is lost and none is doubled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import Error as DatabaseError
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.models import AuditEntry, AuditPending
from apps.core.services import StaleVersion
from apps.flags import services, tasks
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.models import FlagState, FlagStateVersion, RolloutPlan, RolloutStage, Ruleset
from tests.factories import ACTOR, AT, make_flag, make_project, make_rollout, state_in
from tests.factories.rollouts import WEEK
from tests.flows.at_once import at_once
from tests.scale import scaled

pytestmark = pytest.mark.django_db(transaction=True)
STAGES = [Stage("1 %", (), 1_000, 60), Stage("5 %", ("beta",), 5_000, 60), Stage("all", (), 100_000, 60)]
Break = Callable[[], None]


class Killed(BaseException):
    """The worker died here."""


def die() -> None:
    raise Killed


def lose_connection() -> None:
    """The server ends the session, as it does when a worker's machine is gone."""
    pid, other = connection.connection.info.backend_pid, connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()


@contextmanager
def breaking(at: int, how: Break) -> Iterator[None]:
    """Something happens just before statement number `at`; the commit is the last one."""
    number = count()

    def watched(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if next(number) == at:
            how()
        return execute(sql, params, many, context)

    commit = connection._commit  # type: ignore[attr-defined]

    def committing() -> None:
        if next(number) == at:
            how()
        commit()
        if next(number) == at:
            how()

    with connection.execute_wrapper(watched), pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_commit", committing)
        yield


def run_until_it_breaks(call: Callable[[], object], at: int, how: Break) -> bool:
    """Whether it broke; afterwards the worker is a new one, with a new connection."""
    try:
        with breaking(at, how):
            call()
    except (Killed, DatabaseError):
        return True
    finally:
        connection.close()
    return False


def kept(plan: RolloutPlan) -> dict[str, Any]:
    """Everything about a plan and its flag that a doubled or lost step would show in."""
    state = FlagState.objects.get(pk=plan.state_id)
    versions = FlagStateVersion.objects.filter(state=state).order_by("number")
    trail = AuditEntry.objects.filter(subject_type="flags.flagstate", subject_id=str(state.pk)).order_by("id")
    ours = "position", "status", "entered_at", "due_at", "remaining_seconds", "ended_at", "version"
    return {
        "plan": RolloutPlan.objects.filter(pk=plan.pk).values(*ours).get(),
        "stages": list(RolloutStage.objects.filter(plan=plan).order_by("position").values("entered_at", "left_at")),
        "state": (state.status, state.rules, state.default_variant, state.version, state.changed_at),
        "versions": list(versions.values_list("number", "valid_from", "valid_to", "entry__kind")),
        "trail": list(trail.values_list("kind", "reason", "changes", "actor_label")),
        "ruleset": Ruleset.objects.get(pk=state.environment_id).version,
        "unsealed": AuditPending.objects.filter(entry__in=trail).count(),
    }


def fresh() -> RolloutPlan:
    return make_rollout(state_in(make_flag(project=make_project(), key="search")), stages=STAGES)


def sweep_until(plan: RolloutPlan, weeks: int) -> None:
    for week in range(1, weeks + 1):
        services.advance_rollouts(at=AT + week * WEEK)


@pytest.mark.parametrize("how", [die, lose_connection])
@pytest.mark.parametrize("weeks", [1, 3], ids=["into the next stage", "to the end"])
def test_a_worker_that_dies_before_any_statement_loses_and_doubles_nothing(how: Break, weeks: int) -> None:
    untouched = fresh()
    sweep_until(untouched, weeks)
    expected = kept(untouched)
    for at in count():
        plan = fresh()
        sweep_until(plan, weeks - 1)
        last = partial(services.advance_rollouts, at=AT + weeks * WEEK)
        broke = run_until_it_breaks(last, at, how)
        last()
        assert kept(plan) == expected, f"broken at statement {at}"
        if not broke:
            break
    assert at > 5  # it was broken at more places than one


breaks = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([die, lose_connection])), max_size=8)


@pytest.mark.prove
@settings(
    max_examples=scaled(short=15, long=300),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(breaks)
def test_a_rollout_through_many_deaths_ends_as_one_through_none(accidents: list[tuple[int, Break]]) -> None:
    untouched, plan = fresh(), fresh()
    waiting = iter(accidents)
    for week in range(1, 4):
        at = AT + week * WEEK
        while accident := next(waiting, None):
            if not run_until_it_breaks(partial(services.advance_rollout, plan_id=plan.pk, at=at), *accident):
                break
        services.advance_rollouts(at=at)
    assert RolloutPlan.objects.get(pk=plan.pk).status == "COMPLETED"
    assert kept(plan) == kept(untouched)


@pytest.mark.parametrize("how", [die, lose_connection])
def test_a_kill_that_dies_has_killed_and_paused_or_neither(how: Break) -> None:
    outcomes = set()
    for at in count():
        plan = fresh()
        kill = partial(services.kill, state_id=plan.state_id, actor=ACTOR, reason="errors", at=AT)
        broke = run_until_it_breaks(kill, at, how)
        found = RolloutPlan.objects.select_related("state").get(pk=plan.pk)
        outcomes.add((found.state.status, found.status))
        if not broke:
            break
    assert outcomes == {("ON", "RUNNING"), ("KILLED", "PAUSED")}


def test_sweeps_at_once_advance_each_plan_once() -> None:
    plans = [fresh() for _n in range(6)]
    for week in (1, 2, 3):
        sweep = partial(services.advance_rollouts, at=AT + week * WEEK)
        assert at_once(sweep, sweep, sweep) == []
        sweep()  # what one left to another that was at it
        assert {RolloutPlan.objects.get(pk=plan.pk).version for plan in plans} == {week + 1}
    kinds = AuditEntry.objects.filter(kind__startswith="flags.rollout_").values_list("kind", flat=True)
    assert (
        sorted(kinds)
        == ["flags.rollout_advanced"] * 12 + ["flags.rollout_completed"] * 6 + ["flags.rollout_started"] * 6
    )


def test_a_sweep_and_a_person_at_once_make_one_step_or_two_whole_ones() -> None:
    """Whoever comes second sees what the first did: a form from before is stale, a sweep finds nothing due."""
    for _round in range(8):
        plan = fresh()
        at = AT + WEEK
        skip = partial(
            services.skip_stage, plan_id=plan.pk, actor=ACTOR, reason="faster", at=at, expected_version=plan.version
        )
        raised = at_once(partial(services.advance_rollouts, at=at), skip)
        assert all(isinstance(error, StaleVersion) for error in raised)
        assert RolloutPlan.objects.get(pk=plan.pk).position == 1


def test_kills_and_sweeps_at_once_neither_block_nor_undo_each_other() -> None:
    for _round in range(8):
        plan = fresh()
        kill = partial(services.kill, state_id=plan.state_id, actor=ACTOR, reason="errors", at=AT + WEEK)
        assert at_once(partial(services.advance_rollouts, at=AT + WEEK), kill) == []
        found = RolloutPlan.objects.select_related("state").get(pk=plan.pk)
        assert (found.state.status, found.status) == ("KILLED", "PAUSED")


def test_the_task_advances_what_is_due_by_now() -> None:
    plan = fresh()
    tasks.advance_rollouts()
    assert RolloutPlan.objects.get(pk=plan.pk).position == 1
