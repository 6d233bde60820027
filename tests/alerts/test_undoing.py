"""Taking back what a response did: what comes back, and what is refused with a word on what to do instead."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, Response
from apps.core.models import AuditEntry, Environment
from apps.core.services import ReasonMissing
from apps.flags import services as flags
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, RolloutPlan
from tests.factories import (
    ACTOR,
    AT,
    ask_for_approvals,
    make_flag,
    make_project,
    make_rollout,
    make_rule,
    push,
    state_in,
)
from tests.factories.delivery import make_channel

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)
SIGNED: dict[str, Any] = {"actor": ACTOR, "reason": "a false alarm", "at": LATER}
ANY: dict[str, Any] = SIGNED | {"expected_version": None}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def state(environment: Environment) -> FlagState:
    return state_in(make_flag(project=environment.project, key="checkout", on=True))


def done(environment: Environment, kind: str) -> Response:
    make_rule(environment, key=f"errors-{Response.objects.count()}", response={"kind": kind, "flag": "checkout"})
    push(environment, "errors", (AT, 9))
    services.judge_due(at=AT)
    services.respond_due(at=AT)
    row = Response.objects.latest("pk")
    assert row.status == "DONE"
    return row


def undo(row: Response) -> Response:
    services.undo_response(response_id=row.pk, **SIGNED)
    row.refresh_from_db()
    return row


def refusal(row: Response) -> str:
    """Why it is not taken back; then nothing has changed."""
    entries = AuditEntry.objects.count()
    with pytest.raises(services.CannotUndo) as refused:
        services.undo_response(response_id=row.pk, **SIGNED)
    assert AuditEntry.objects.count() == entries
    return str(refused.value)


def test_a_kill_is_lifted_and_the_trail_says_so(environment: Environment, state: FlagState) -> None:
    row = undo(done(environment, "kill_flag"))
    state.refresh_from_db()
    assert state.status == "ON"
    assert (row.status, row.undone_at, row.undone_by_label) == ("UNDONE", LATER, "tests")
    lifted = AuditEntry.objects.get(kind="flags.kill_lifted")
    assert (lifted.actor_label, lifted.reason) == ("tests", "a false alarm")
    told = AuditEntry.objects.get(kind="alerts.response_undone")
    words = "lifted the kill of checkout in production: it is on again: a false alarm"
    assert (told.subject_id, told.actor_label, told.reason) == (str(row.alert_id), "tests", words)


def test_a_flag_that_was_off_comes_back_off(environment: Environment) -> None:
    state = state_in(make_flag(project=environment.project, key="checkout"))
    assert state.status == "OFF"
    undo(done(environment, "kill_flag"))
    state.refresh_from_db()
    assert state.status == "OFF"


def test_lifting_a_kill_leaves_the_rollout_that_it_paused_to_people(environment: Environment, state: FlagState) -> None:
    plan = make_rollout(state)
    undo(done(environment, "kill_flag"))
    plan.refresh_from_db()
    assert plan.status == "PAUSED"
    told = AuditEntry.objects.get(kind="alerts.response_undone").reason
    assert "its rollout stays paused until somebody resumes it" in told


def test_a_paused_rollout_goes_on(environment: Environment, state: FlagState) -> None:
    plan = make_rollout(state)
    undo(done(environment, "pause_rollout"))
    plan.refresh_from_db()
    assert plan.status == "RUNNING"


def test_a_rolled_back_flag_serves_again_what_it_served(environment: Environment, state: FlagState) -> None:
    plan = make_rollout(state)
    state.refresh_from_db()
    before = state.rules, state.default_variant, state.status
    undo(done(environment, "roll_back_rollout"))
    state.refresh_from_db()
    plan.refresh_from_db()
    assert (state.rules, state.default_variant, state.status) == before
    assert plan.status == "ROLLED_BACK"


Meanwhile = Callable[[FlagState], object]


def _lift(state: FlagState) -> None:
    flags.lift_kill(state_id=state.pk, status=FlagStatus.ON, **ANY)


def _turn_off(state: FlagState) -> None:
    flags.set_state(state_id=state.pk, change=Change(status=FlagStatus.OFF), **ANY)


def _kill(state: FlagState) -> None:
    flags.kill(state_id=state.pk, **SIGNED)


def _kill_and_lift(state: FlagState) -> None:
    _kill(state)
    _lift(state)


def _resume(state: FlagState) -> None:
    flags.resume_rollout(plan_id=RolloutPlan.objects.get().pk, **ANY)


def _take_over(state: FlagState) -> None:
    flags.take_over_rollout(plan_id=RolloutPlan.objects.get().pk, **ANY)


def _archive(state: FlagState) -> None:
    flags.archive_flag(flag_id=state.flag_id, **ANY)


def _start_again(state: FlagState) -> None:
    make_rollout(state)


@pytest.mark.parametrize(
    ("kind", "meanwhile", "words"),
    [
        ("kill_flag", _lift, "the flag was changed since: tests lifted the kill of it at 2026-01-05 09:05 UTC"),
        ("pause_rollout", _kill, "the flag was changed since: tests killed it at"),
        ("pause_rollout", _kill_and_lift, "the flag was changed since: tests lifted the kill of it"),
        ("pause_rollout", _resume, "the flag was changed since: tests resumed the rollout of it"),
        ("pause_rollout", _take_over, "the rollout has ended: the flag was changed since: tests took over"),
        ("roll_back_rollout", _turn_off, "the flag was changed since: tests changed it"),
        ("roll_back_rollout", _kill, "the flag was changed since: tests killed it"),
        ("roll_back_rollout", _archive, "the flag is archived; restore it on its page first"),
        ("roll_back_rollout", _start_again, "the flag was changed since: tests started the rollout of it"),
    ],
)
def test_what_somebody_changed_since_is_left_to_them(
    environment: Environment, state: FlagState, kind: str, meanwhile: Meanwhile, words: str
) -> None:
    if kind != "kill_flag":
        make_rollout(state)
    row = done(environment, kind)
    meanwhile(state)
    assert words in refusal(row)
    row.refresh_from_db()
    assert row.status == "DONE"


def test_where_approval_is_asked_for_it_says_what_to_ask_for(environment: Environment, state: FlagState) -> None:
    make_rollout(state)
    row = done(environment, "roll_back_rollout")
    state.refresh_from_db()
    ask_for_approvals(environment)
    instead = f"ask for going back to its version {state.version - 1} on the flag's page"
    assert refusal(row) == f"Production asks for approval of this: {instead}"


def test_lifting_a_kill_asks_for_no_approval(environment: Environment, state: FlagState) -> None:
    row = done(environment, "kill_flag")
    ask_for_approvals(environment)
    assert undo(row).status == "UNDONE"


def test_a_rollback_of_a_killed_flag_is_not_taken_back(environment: Environment, state: FlagState) -> None:
    make_rollout(state)
    _kill(state)
    assert refusal(done(environment, "roll_back_rollout")) == "the flag is killed; lift the kill on its page first"


def test_what_was_undone_counts_for_the_guards_as_done(environment: Environment, state: FlagState) -> None:
    undo(done(environment, "kill_flag"))
    make_rule(environment, key="again", response={"kind": "kill_flag", "flag": "checkout"})
    push(environment, "errors", (LATER, 9))
    services.judge_due(at=LATER)
    services.respond_due(at=LATER)
    assert "it acted at 09:00 UTC and then waits 15 minutes" in Response.objects.latest("pk").told


def test_once_and_only_what_was_done(environment: Environment, state: FlagState) -> None:
    row = undo(done(environment, "kill_flag"))
    assert refusal(row) == "tests has undone it already"
    for status, words in (
        ("REFUSED", "it was refused, so nothing was done"),
        ("PENDING", "it has not been done yet"),
        ("FAILED", "it failed, so nothing was done that could be taken back"),
    ):
        Response.objects.update(status=status)
        assert refusal(row) == words


def test_a_call_cannot_be_taken_back(environment: Environment) -> None:
    make_channel(environment.project)
    row = Response.objects.create(
        alert=_alert(environment), kind="call_webhook", config={"channel": "ops"}, status="DONE", created_at=AT
    )
    assert "cannot be taken back from here; ask whoever runs the receiver" in refusal(row)


def _alert(environment: Environment) -> Alert:
    make_rule(environment)
    push(environment, "errors", (AT, 9))
    services.judge_due(at=AT)
    return Alert.objects.get()


@pytest.mark.parametrize("reason", ["", "  "])
def test_it_always_asks_why(environment: Environment, state: FlagState, reason: str) -> None:
    row = done(environment, "kill_flag")
    with pytest.raises(ReasonMissing):
        services.undo_response(response_id=row.pk, **SIGNED | {"reason": reason})
