"""Changes at a set time: what is applied, in which order, and what becomes a conflict."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import AuditEntry
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import services, tasks
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.parsing import parse_prerequisites, parse_rules
from apps.flags.domain.transitions import Change, FlagIsKilled, NothingToChange
from apps.flags.models import FlagState, Ruleset, ScheduledChange
from apps.flags.services import InvalidFlag, ScheduleIsOver, TimeHasPassed
from tests.factories import ACTOR, AT, LATER, make_flag, make_schedule, split_rule, state_in

pytestmark = pytest.mark.django_db
EVENING = AT + timedelta(hours=8)
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "why", "at": AT, "expected_version": None}


@pytest.fixture
def state() -> FlagState:
    return state_in(make_flag(key="dark"))


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def told(row: ScheduledChange) -> tuple[str, str]:
    row.refresh_from_db()
    return row.status, row.note


def sweep(at: datetime = LATER) -> int:
    return services.apply_due_changes(at=at)


def set_now(state: FlagState, **change: Any) -> None:
    services.set_state(state_id=state.pk, change=Change(**change), **WHO)


def test_a_scheduled_change_waits_for_its_time(state: FlagState) -> None:
    row = make_schedule(state, reason="launch day")
    assert sweep(LATER - timedelta(microseconds=1)) == 0
    assert (again(state).status, again(state).version) == ("OFF", 1)
    assert sweep(LATER) == 1
    assert (again(state).status, again(state).version) == ("ON", 2)
    row.refresh_from_db()
    assert (row.status, row.applied_at, row.note) == ("APPLIED", LATER, "")
    entry = AuditEntry.objects.get(kind="flags.state_changed")
    assert (entry.actor_label, entry.reason, entry.at) == ("tests", "launch day (as scheduled)", LATER)


def test_scheduling_changes_nothing_and_is_audited(state: FlagState) -> None:
    published = Ruleset.objects.get(pk=state.environment_id).version
    make_schedule(state, reason="launch day")
    assert (again(state).version, Ruleset.objects.get(pk=state.environment_id).version) == (1, published)
    entry = AuditEntry.objects.get(kind="flags.change_scheduled")
    assert (entry.subject_label, entry.reason) == ("dark in production", "launch day")
    assert entry.changes == {"apply_at": [None, LATER.isoformat()], "status": ["off", "on"]}


def test_it_is_applied_once(state: FlagState) -> None:
    make_schedule(state)
    assert [sweep(), sweep(), sweep(EVENING)] == [1, 0, 0]
    assert again(state).version == 2


def test_on_in_the_morning_off_in_the_evening(state: FlagState) -> None:
    evening = make_schedule(state, apply_at=EVENING, status=FlagStatus.OFF)
    morning = make_schedule(state, apply_at=LATER)
    sweep(LATER)
    evening.refresh_from_db()
    assert (again(state).status, evening.base_version) == ("ON", 2)
    sweep(EVENING)
    assert (again(state).status, again(state).version) == ("OFF", 3)
    assert told(morning) == told(evening) == ("APPLIED", "")


def test_after_an_outage_both_are_applied_in_their_order(state: FlagState) -> None:
    make_schedule(state, apply_at=EVENING, status=FlagStatus.OFF)
    make_schedule(state, apply_at=LATER)
    assert sweep(EVENING + timedelta(days=2)) == 2
    assert (again(state).status, again(state).version) == ("OFF", 3)


def test_two_for_the_same_moment_follow_one_another_as_they_were_made(state: FlagState) -> None:
    first = make_schedule(state, rules=parse_rules(split_rule(on=25, off=75)))
    second = make_schedule(state, rules=parse_rules(split_rule(on=50, off=50)))
    assert sweep() == 2
    assert told(first) == told(second) == ("APPLIED", "")
    assert again(state).rules == split_rule(on=50, off=50)


def test_a_long_plan_is_carried_out_step_by_step(state: FlagState) -> None:
    for step in (1, 10, 50):
        rules = parse_rules(split_rule(on=step, off=100 - step))
        make_schedule(state, apply_at=AT + timedelta(hours=step), status=FlagStatus.ON, rules=rules)
    assert [sweep(AT + timedelta(hours=hours)) for hours in (1, 10, 50)] == [1, 1, 1]
    assert (again(state).rules, again(state).version) == (split_rule(on=50, off=50), 4)


def test_what_is_so_already_counts_as_applied_and_says_so(state: FlagState) -> None:
    row = make_schedule(state, status=FlagStatus.OFF)
    assert sweep() == 1
    assert told(row) == ("APPLIED", "It was like this already.")
    assert again(state).version == 1


def test_somebody_who_changed_the_flag_first_wins_and_is_named(state: FlagState) -> None:
    row, evening = make_schedule(state), make_schedule(state, apply_at=EVENING, status=FlagStatus.OFF)
    set_now(state, default_variant="off")
    assert sweep() == 1
    assert told(row) == (
        "CONFLICT",
        "tests changed the flag first: this stands on version 1, the flag is at version 2.",
    )
    assert (again(state).status, again(state).version) == ("OFF", 2)
    assert AuditEntry.objects.get(kind="flags.schedule_conflicted").actor_label == "schedules"
    sweep(EVENING)
    assert told(evening)[0] == "CONFLICT"


def test_a_killed_flag_is_a_conflict(state: FlagState) -> None:
    row = make_schedule(state)
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    sweep()
    assert told(row)[0] == "CONFLICT"
    assert told(row)[1].startswith("tests killed the flag first")
    assert again(state).status == "KILLED"


def test_a_change_of_variants_is_a_conflict(state: FlagState) -> None:
    row = make_schedule(state)
    services.update_flag(flag_id=state.flag_id, fields={"client_exposed": True}, **WHO)
    sweep()
    assert told(row)[0] == "CONFLICT"


def test_another_flag_may_make_it_impossible_meanwhile(state: FlagState) -> None:
    base = make_flag(project=state.flag.project, key="base")
    waits: Any = [{"flag": "base", "variants": ["on"]}]
    row = make_schedule(state, prerequisites=parse_prerequisites(waits))
    set_now(state_in(base), prerequisites=parse_prerequisites([{"flag": "dark", "variants": ["on"]}]))
    sweep()
    status, note = told(row)
    assert status == "CONFLICT"
    assert "circle" in note
    assert again(state).prerequisites == []


def test_one_that_nothing_can_read_does_not_hold_up_the_others(state: FlagState) -> None:
    row = make_schedule(state)
    ScheduledChange.objects.filter(pk=row.pk).update(patch={"status": "PERHAPS"})
    other = state_in(make_flag())
    make_schedule(other, apply_at=LATER + timedelta(minutes=1))
    assert sweep(EVENING) == 2
    assert told(row) == ("CONFLICT", "status: must be ON or OFF")
    assert again(other).status == "ON"


def test_one_that_nothing_can_write_does_not_hold_up_the_others(state: FlagState) -> None:
    row, other, last = make_schedule(state), state_in(make_flag()), 2**31 - 1  # the version after it does not fit
    FlagState.objects.filter(pk=state.pk).update(version=last)
    ScheduledChange.objects.filter(pk=row.pk).update(base_version=last)
    make_schedule(other, apply_at=LATER + timedelta(minutes=1))
    assert sweep(EVENING) == 2
    assert told(row)[0] == "CONFLICT"
    assert again(other).status == "ON"


def test_a_conflict_is_not_tried_again(state: FlagState) -> None:
    make_schedule(state)
    set_now(state, default_variant="off")
    assert [sweep(), sweep()] == [1, 0]


def test_changes_of_other_flags_do_not_wait_for_each_other(state: FlagState) -> None:
    other = state_in(make_flag())
    make_schedule(state)
    make_schedule(other)
    assert sweep() == 2


# Refused


@pytest.mark.parametrize("apply_at", [AT, AT - timedelta(days=1)])
def test_a_time_that_has_passed_is_refused(state: FlagState, apply_at: datetime) -> None:
    with pytest.raises(TimeHasPassed):
        make_schedule(state, apply_at=apply_at)
    assert not ScheduledChange.objects.exists()


def test_what_cannot_be_served_is_not_scheduled(state: FlagState) -> None:
    with pytest.raises(InvalidFlag):
        make_schedule(state, rules=parse_rules(split_rule(on=50, off=40)))
    with pytest.raises(NothingToChange):
        services.schedule_change(state_id=state.pk, change=Change(), apply_at=LATER, **WHO)
    with pytest.raises(ReasonMissing):
        make_schedule(state, reason=" ")
    with pytest.raises(StaleVersion):
        services.schedule_change(
            state_id=state.pk, change=Change(status=FlagStatus.ON), apply_at=LATER, **WHO | {"expected_version": 7}
        )
    assert not ScheduledChange.objects.exists()


def test_nothing_is_scheduled_for_a_killed_flag() -> None:
    with pytest.raises(FlagIsKilled):
        make_schedule(state_in(make_flag(killed=True)))


# Cancelling


def test_a_cancelled_change_is_not_applied(state: FlagState) -> None:
    row = make_schedule(state)
    services.cancel_scheduled_change(schedule_id=row.pk, actor=ACTOR, at=AT, expected_version=1, reason="not yet")
    assert sweep() == 0
    assert told(row) == ("CANCELLED", "")
    entry = AuditEntry.objects.get(kind="flags.schedule_cancelled")
    assert (entry.reason, entry.changes) == ("not yet", {"apply_at": [LATER.isoformat(), None]})


def test_a_conflict_is_dismissed_and_what_is_over_stays(state: FlagState) -> None:
    row = make_schedule(state)
    how: dict[str, Any] = {"actor": ACTOR, "at": AT, "expected_version": None}
    set_now(state, default_variant="off")
    sweep()
    services.cancel_scheduled_change(schedule_id=row.pk, **how)
    assert told(row)[0] == "CANCELLED"
    with pytest.raises(ScheduleIsOver):
        services.cancel_scheduled_change(schedule_id=row.pk, **how)


def test_an_applied_change_cannot_be_cancelled(state: FlagState) -> None:
    row = make_schedule(state)
    sweep()
    with pytest.raises(ScheduleIsOver):
        services.cancel_scheduled_change(schedule_id=row.pk, actor=ACTOR, at=AT, expected_version=None)


def test_cancelling_minds_the_version(state: FlagState) -> None:
    evening = make_schedule(state, apply_at=EVENING, status=FlagStatus.OFF)
    make_schedule(state)
    sweep()  # moves the evening's base, and so its version
    with pytest.raises(StaleVersion):
        services.cancel_scheduled_change(schedule_id=evening.pk, actor=ACTOR, at=AT, expected_version=1)


def test_without_the_morning_the_evening_has_nothing_to_do(state: FlagState) -> None:
    morning, evening = make_schedule(state), make_schedule(state, apply_at=EVENING, status=FlagStatus.OFF)
    services.cancel_scheduled_change(schedule_id=morning.pk, actor=ACTOR, at=AT, expected_version=None)
    sweep(EVENING)
    assert told(evening) == ("APPLIED", "It was like this already.")


# The task


def test_the_task_sweeps_by_the_clock(state: FlagState) -> None:
    soon = clock.now() + timedelta(hours=1)
    make_schedule(state)  # due long ago
    make_schedule(state, apply_at=soon, status=FlagStatus.OFF)
    tasks.apply_scheduled_changes()
    tasks.apply_scheduled_changes()
    assert (again(state).status, again(state).version) == ("ON", 2)
