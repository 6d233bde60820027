"""Many sweeps at once, and workers that die in the middle: every scheduled change is applied exactly once."""

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from apps.core import bus
from apps.core.models import AuditEntry
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, FlagStateVersion, ScheduledChange
from apps.flags.services import ScheduleIsOver, schedules
from tests.factories import ACTOR, AT, LATER, make_flag, make_project, make_schedule, split_rule, state_in
from tests.flows.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SWEEPS = 4
sweep = partial(services.apply_due_changes, at=LATER + timedelta(days=1))


def statuses() -> set[str]:
    return set(ScheduledChange.objects.values_list("status", flat=True))


def test_many_sweeps_apply_each_change_once() -> None:
    project = make_project()
    states = [state_in(make_flag(project=project)) for _ in range(12)]
    for state in states:
        make_schedule(state)
    assert at_once(*[sweep] * SWEEPS) == []
    sweep()  # what one was about to look at while another held it
    assert statuses() == {"APPLIED"}
    assert AuditEntry.objects.filter(kind="flags.state_changed").count() == len(states)
    assert set(FlagState.objects.filter(environment__key="production").values_list("version", flat=True)) == {2}


def test_the_changes_of_one_flag_keep_their_order_however_many_sweep() -> None:
    state = state_in(make_flag())
    for step in range(1, 11):
        rules = parse_rules(split_rule(on=step, off=100 - step))
        make_schedule(state, apply_at=AT + timedelta(minutes=step), status=FlagStatus.ON, rules=rules)
    for _ in range(10):
        assert at_once(*[sweep] * SWEEPS) == []
    assert statuses() == {"APPLIED"}
    kept = FlagStateVersion.objects.filter(state=state).order_by("number").values_list("definition__rules", flat=True)
    assert list(kept)[1:] == [split_rule(on=step, off=100 - step) for step in range(1, 11)]


def test_a_worker_that_dies_in_the_middle_leaves_the_work_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_in(make_flag())
    row = make_schedule(state)

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit  # as a worker that is told to stop: no handler of the sweep catches it

    for module, name in ((bus, "announce"), (schedules, "_settle")):  # early, and at the very end
        with monkeypatch.context() as patch:
            patch.setattr(module, name, dies)
            with pytest.raises(SystemExit):
                sweep()
        row.refresh_from_db()
        assert (row.status, FlagState.objects.get(pk=state.pk).version) == ("PENDING", 1)
        assert not AuditEntry.objects.filter(kind="flags.state_changed").exists()
    assert sweep() == 1
    assert FlagState.objects.get(pk=state.pk).version == 2


def test_a_claimed_change_is_passed_over_not_waited_for() -> None:
    held, free = state_in(make_flag()), state_in(make_flag())
    row = make_schedule(held)
    make_schedule(free, apply_at=LATER + timedelta(minutes=1))
    claimed, done = threading.Event(), threading.Event()

    def holds() -> None:
        with transaction.atomic():
            ScheduledChange.objects.select_for_update().get(pk=row.pk)
            claimed.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=holds)
    thread.start()
    claimed.wait(20)
    try:
        assert sweep() == 1
        assert FlagState.objects.get(pk=free.pk).status == "ON"
        assert FlagState.objects.get(pk=held.pk).status == "OFF"
    finally:
        done.set()
        thread.join()
    assert sweep() == 1
    assert FlagState.objects.get(pk=held.pk).status == "ON"


def test_a_schedule_and_somebody_who_changes_the_flag_at_once_leave_one_clear_story() -> None:
    for _ in range(5):
        state = state_in(make_flag())
        row = make_schedule(state)
        change = partial(
            services.set_state,
            state_id=state.pk,
            change=Change(default_variant="off"),
            actor=ACTOR,
            reason="meanwhile",
            at=AT,
            expected_version=None,
        )
        assert at_once(sweep, change) == []
        row.refresh_from_db()
        state.refresh_from_db()
        won = row.status == "APPLIED"
        assert (state.status, state.version, row.status) == (("ON", 3, "APPLIED") if won else ("OFF", 2, "CONFLICT"))


def test_cancelled_or_applied_but_never_both() -> None:
    for _ in range(5):
        state = state_in(make_flag())
        row = make_schedule(state)
        cancel = partial(
            services.cancel_scheduled_change, schedule_id=row.pk, actor=ACTOR, at=AT, expected_version=None
        )
        raised = at_once(sweep, cancel)
        row.refresh_from_db()
        state.refresh_from_db()
        assert (row.status, state.status, [type(error) for error in raised]) in (
            ("APPLIED", "ON", [ScheduleIsOver]),
            ("CANCELLED", "OFF", []),
        )
