"""Rollout plans on a real database: what each step serves, keeps, refuses and records."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.core.models import AuditEntry
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import selectors, services
from apps.flags.domain import transitions
from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.domain.transitions import Change, FlagIsKilled
from apps.flags.models import FlagState, FlagStateVersion, RolloutPlan, RolloutStage, Ruleset
from apps.flags.selectors import definitions
from tests.factories import ACTOR, AT, make_flag, make_rollout, make_segment, say, split_rule, state_in
from tests.factories.rollouts import OTHER, WEEK

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "why", "at": AT, "expected_version": None}


@pytest.fixture
def state() -> FlagState:
    return state_in(make_flag(key="search"))


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def group_rule(number: int, group: str, weight: int) -> dict[str, Any]:
    split = [["on", weight], ["off", 100_000 - weight]]
    return {"id": f"stage-{number}", "when": {"segment": [group]}, "serve": {"split": split}}


INTERNAL = group_rule(1, "internal", 10_000)
BETA = group_rule(2, "beta-testers", 25_000)
EARLY = group_rule(3, "early-adopters", 50_000)


def kinds() -> list[str]:
    return list(AuditEntry.objects.exclude(kind__startswith="core.").order_by("id").values_list("kind", flat=True))


def serves(state: FlagState) -> tuple[str, Any, str]:
    found = again(state)
    return found.status, found.rules, found.default_variant


def set_state(state: FlagState, change: Change) -> FlagState:
    return services.set_state(state_id=state.pk, change=change, **WHO)


# Starting


def test_a_plan_starts_with_its_first_stage_at_once(state: FlagState) -> None:
    for key in ("internal", "beta-testers", "early-adopters"):
        make_segment(project=state.flag.project, key=key)
    before = Ruleset.objects.get(pk=state.environment_id).version
    plan = make_rollout(state)
    assert serves(state) == ("ON", [INTERNAL], "off")
    assert (plan.status, plan.position, plan.due_at, plan.version) == ("RUNNING", 0, AT + WEEK, 1)
    assert Ruleset.objects.get(pk=state.environment_id).version == before + 1
    first, second, *_rest = plan.stages.order_by("position")
    assert (first.entered_at, first.left_at, second.entered_at) == (AT, None, None)


def test_a_start_is_one_entry_with_the_whole_plan(state: FlagState) -> None:
    make_rollout(state, guards=["errors"], reason="launch")
    entry = AuditEntry.objects.get(kind="flags.rollout_started")
    assert (entry.subject_label, entry.reason) == ("search in production", "launch")
    assert entry.changes["status"] == ["off", "on"]
    assert entry.changes["guards"] == [None, ["errors"]]
    assert [stage["weight"] for stage in entry.changes["stages"][1]] == [10_000, 25_000, 50_000, 100_000]
    assert FlagStateVersion.objects.get(state=state, valid_to=None).entry == entry


def test_a_plan_that_serves_the_same_at_first_starts_all_the_same(state: FlagState) -> None:
    rules = parse_rules([{**split_rule(on=5, off=95)[0], "id": "stage-1"}])
    set_state(state, Change(status=FlagStatus.ON, rules=rules, default_variant="off"))
    make_rollout(state, stages=[Stage("5 %", (), 5_000, 60), Stage("all", (), 100_000, 60)])
    assert again(state).version == 2
    assert kinds()[-1] == "flags.rollout_started"


@pytest.mark.parametrize(("environment", "needs_reason"), [("production", True), ("staging", False)])
def test_a_protected_environment_asks_why(environment: str, needs_reason: bool) -> None:
    state = state_in(make_flag(), environment)
    if needs_reason:
        with pytest.raises(ReasonMissing):
            make_rollout(state, reason=" ")
    else:
        assert make_rollout(state, reason="").status == "RUNNING"


def test_a_plan_at_fault_starts_nothing(state: FlagState) -> None:
    with pytest.raises(services.InvalidRollout) as caught:
        make_rollout(state, variant="blue", stages=[Stage("", (), 1, 60)])
    assert set(caught.value.message_dict) == {"variant", "stages[0].name"}
    assert (again(state).version, RolloutPlan.objects.count()) == (1, 0)


def test_a_killed_flag_and_a_stale_form_start_nothing(state: FlagState) -> None:
    with pytest.raises(StaleVersion):
        make_rollout(state, expected_version=7)
    with pytest.raises(FlagIsKilled):
        make_rollout(state_in(make_flag(killed=True)))


def test_one_plan_at_a_time_holds_a_state(state: FlagState) -> None:
    first = make_rollout(state)
    with pytest.raises(services.FlagIsRollingOut):
        make_rollout(state)
    services.take_over_rollout(plan_id=first.pk, **WHO)
    second = make_rollout(state)
    with pytest.raises(IntegrityError), transaction.atomic():
        RolloutPlan.objects.filter(pk=first.pk).update(status="RUNNING", due_at=AT, ended_at=None)
    assert again(second).status == "RUNNING"


def test_another_variant_than_the_present_one_can_be_rolled_out() -> None:
    flag = make_flag(type=FlagType.STRING, on=True)  # serves blue
    make_rollout(state_in(flag), variant="red")
    status, rules, default = serves(state_in(flag))
    assert (status, default) == ("ON", "blue")
    assert rules[0]["serve"]["split"] == [["red", 10_000], ["blue", 90_000]]


# Going on


def sweep(at: datetime) -> int:
    return services.advance_rollouts(at=at)


def test_the_four_weeks(state: FlagState) -> None:
    plan = make_rollout(state)
    seen = []
    for week in range(1, 5):
        assert sweep(AT + week * WEEK - timedelta(seconds=1)) == 0
        assert sweep(AT + week * WEEK) == 1
        seen.append(serves(state))
    assert seen == [
        ("ON", [BETA, INTERNAL], "off"),
        ("ON", [EARLY, BETA, INTERNAL], "off"),
        ("ON", [], "on"),
        ("ON", [], "on"),
    ]
    found = again(plan)
    assert (found.status, found.position, found.due_at, found.ended_at) == ("COMPLETED", 3, None, AT + 4 * WEEK)
    spans = list(plan.stages.order_by("position").values_list("entered_at", "left_at"))
    assert spans == [(AT + n * WEEK, AT + (n + 1) * WEEK) for n in range(4)]
    assert kinds()[-4:] == ["flags.rollout_advanced"] * 3 + ["flags.rollout_completed"]


def test_the_portal_says_that_it_was_the_one_and_to_where(state: FlagState) -> None:
    make_rollout(state)
    sweep(AT + WEEK)
    entry = AuditEntry.objects.get(kind="flags.rollout_advanced")
    assert (entry.actor_kind, entry.actor_label) == ("SYSTEM", "rollout")
    assert entry.reason == "stage 2 of 4: 25 % of beta-testers"
    assert entry.changes["stage"] == ["stage 1 of 4: 10 % of internal", "stage 2 of 4: 25 % of beta-testers"]
    newest = selectors.history(again(state))[0]
    assert (newest.actor, newest.kind, newest.reason) == ("rollout", "flags.rollout_advanced", entry.reason)


def test_a_tick_that_was_missed_for_a_year_skips_no_hold(state: FlagState) -> None:
    plan = make_rollout(state)
    late = AT + timedelta(days=365)
    assert (sweep(late), sweep(late), again(plan).position) == (1, 0, 1)
    assert again(plan).due_at == late + WEEK
    assert sweep(late + WEEK) == 1


def test_a_guard_that_is_not_green_keeps_a_plan_where_it_is(state: FlagState) -> None:
    plan = make_rollout(state, guards=["errors"])
    due = AT + WEEK
    assert sweep(due) == 0
    say(state.environment, "errors", "RED", at=due)
    assert sweep(due) == 0
    say(state.environment, "errors", "GREEN", at=due, days=1)
    assert sweep(due + timedelta(days=2)) == 0  # expired by then
    assert sweep(due) == 1
    assert again(plan).position == 1


def test_evaluations_are_counted_from_the_stage_s_beginning(state: FlagState) -> None:
    stages = [Stage("a", (), 1_000, 60, minimum_evaluations=100), Stage("b", (), 2_000, 60)]
    place = (state.environment_id, "search", "on")
    services.add_usage(counts={place: 5_000}, at=AT - timedelta(hours=3))
    services.add_usage(counts={place: 500}, at=AT)
    plan = make_rollout(state, stages=stages, at=AT + timedelta(minutes=30))
    later = AT + timedelta(hours=2)
    services.add_usage(counts={place: 60}, at=AT + timedelta(minutes=40))
    assert sweep(later) == 0
    (standing,) = selectors.standings([again(plan)], at=later).values()
    assert standing.evaluations == 60
    services.add_usage(counts={(state.environment_id, "search", "off"): 40}, at=later)
    assert sweep(later) == 1


LAST_INTEGER = 2**31 - 1


@pytest.mark.parametrize("fault", [{"base": {}}, {"version": LAST_INTEGER}], ids=["unreadable", "unwritable"])
def test_one_plan_that_cannot_go_on_does_not_stop_the_others(state: FlagState, fault: dict[str, Any]) -> None:
    broken, fine = state_in(make_flag()), make_rollout(state)
    RolloutPlan.objects.filter(pk=make_rollout(broken).pk).update(due_at=AT, **fault)
    assert sweep(AT + WEEK) == 1
    assert again(fine).position == 1


# Pausing and resuming


def test_a_pause_keeps_the_time_that_is_left(state: FlagState) -> None:
    plan = make_rollout(state)
    tuesday, friday = AT + timedelta(days=1), AT + timedelta(days=4)
    services.pause_rollout(plan_id=plan.pk, **WHO | {"at": tuesday})
    paused = again(plan)
    assert (paused.status, paused.due_at, paused.remaining_seconds) == ("PAUSED", None, 6 * 86_400)
    assert sweep(AT + timedelta(days=100)) == 0
    services.resume_rollout(plan_id=plan.pk, **WHO | {"at": friday})
    assert again(plan).due_at == friday + timedelta(days=6)
    assert kinds()[-2:] == ["flags.rollout_paused", "flags.rollout_resumed"]
    assert again(state).version == 2  # neither changed what is served


def test_a_plan_paused_when_overdue_goes_on_at_once(state: FlagState) -> None:
    plan = make_rollout(state, guards=["errors"])
    late = AT + 2 * WEEK
    services.pause_rollout(plan_id=plan.pk, **WHO | {"at": late})
    say(state.environment, "errors", at=late)
    services.resume_rollout(plan_id=plan.pk, **WHO | {"at": late})
    assert sweep(late) == 1


def test_what_is_paused_cannot_be_paused_or_skipped_and_what_runs_cannot_be_resumed(state: FlagState) -> None:
    plan = make_rollout(state)
    with pytest.raises(services.RolloutIsNotPaused):
        services.resume_rollout(plan_id=plan.pk, **WHO)
    services.pause_rollout(plan_id=plan.pk, **WHO)
    for refused in (services.pause_rollout, services.skip_stage):
        with pytest.raises(services.RolloutIsNotRunning):
            refused(plan_id=plan.pk, **WHO)


# Killing


def test_a_kill_works_at_once_and_pauses_the_plan(state: FlagState) -> None:
    plan = make_rollout(state)
    services.kill(state_id=state.pk, actor=OTHER, reason="errors", at=AT + timedelta(days=2))
    assert again(state).status == "KILLED"
    assert (again(plan).status, again(plan).remaining_seconds) == ("PAUSED", 5 * 86_400)
    assert kinds()[-2:] == ["flags.killed", "flags.rollout_paused"]
    assert AuditEntry.objects.latest("id").reason == "errors"


def test_after_a_kill_is_lifted_the_plan_stays_paused_until_somebody_resumes_it(state: FlagState) -> None:
    plan = make_rollout(state, position=1)
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    with pytest.raises(FlagIsKilled):
        services.resume_rollout(plan_id=plan.pk, **WHO)
    services.lift_kill(state_id=state.pk, status=FlagStatus.OFF, **WHO)
    assert (again(plan).status, sweep(AT + 9 * WEEK)) == ("PAUSED", 0)
    services.resume_rollout(plan_id=plan.pk, **WHO)
    assert serves(state) == ("ON", [BETA, INTERNAL], "off")


def test_a_kill_of_a_paused_plan_leaves_it_as_it_is(state: FlagState) -> None:
    plan = make_rollout(state, paused=True)
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT + timedelta(days=2))
    assert again(plan).remaining_seconds == 7 * 86_400
    assert kinds()[-1] == "flags.killed"


# What is refused meanwhile


@pytest.mark.parametrize("paused", [False, True])
def test_nobody_else_changes_the_state_meanwhile(state: FlagState, paused: bool) -> None:
    make_rollout(state, paused=paused)
    with pytest.raises(services.FlagIsRollingOut):
        set_state(state, Change(status=FlagStatus.OFF))
    with pytest.raises(services.FlagIsRollingOut):
        services.revert(state_id=state.pk, to_version=1, **WHO)
    with pytest.raises(services.FlagIsRollingOut):
        services.update_flag(flag_id=state.flag_id, fields={"variants": [("on", True), ("no", False)]}, **WHO)
    assert again(state).version == 2
    assert list(state.flag.variants.order_by("position").values_list("key", flat=True)) == ["on", "off"]


def test_what_shares_out_no_variant_may_change_meanwhile(state: FlagState) -> None:
    make_rollout(state)
    same = [("on", True), ("off", False)]
    fields = {"name": "Other", "client_exposed": True, "variants": same}
    assert services.update_flag(flag_id=state.flag_id, fields=fields, **WHO).version == 2
    assert set_state(state_in(state.flag, "staging"), Change(status=FlagStatus.ON)).status == "ON"


# Skipping


def test_skipping_goes_on_whatever_the_plan_waits_for_and_serves_the_next_hold_in_full(state: FlagState) -> None:
    plan = make_rollout(state, guards=["errors"])
    tuesday = AT + timedelta(days=1)
    services.skip_stage(plan_id=plan.pk, **WHO | {"at": tuesday})
    assert (again(plan).position, again(plan).due_at) == (1, tuesday + WEEK)
    entry = AuditEntry.objects.get(kind="flags.stage_skipped")
    assert (entry.actor_label, entry.reason) == ("tests", "why")


def test_skipping_the_last_stage_completes_the_plan(state: FlagState) -> None:
    plan = make_rollout(state, position=3)
    services.skip_stage(plan_id=plan.pk, **WHO)
    assert again(plan).status == "COMPLETED"


def test_skipping_always_says_why() -> None:
    plan = make_rollout(state_in(make_flag(), "staging"))
    with pytest.raises(ReasonMissing):
        services.skip_stage(plan_id=plan.pk, **WHO | {"reason": ""})


# Approving

CHECKED = [Stage("a", (), 1_000, 60, needs_approval=True), Stage("b", (), 2_000, 60)]


def test_a_stage_waits_until_somebody_else_approves_it(state: FlagState) -> None:
    plan = make_rollout(state, stages=CHECKED)
    later = AT + timedelta(hours=1)
    assert sweep(later) == 0
    with pytest.raises(services.OwnRollout):
        services.approve_stage(plan_id=plan.pk, **WHO)
    services.approve_stage(plan_id=plan.pk, **WHO | {"actor": OTHER, "at": later})
    approved = plan.stages.get(position=0)
    assert (approved.approved_at, approved.approved_by_label) == (later, "somebody else")
    assert AuditEntry.objects.get(kind="flags.stage_approved").changes == {"stage": [None, "1 % of everyone"]}
    assert sweep(later) == 1


def test_an_approval_is_asked_for_once_and_only_where_it_is_needed(state: FlagState) -> None:
    plan = make_rollout(state, stages=CHECKED)
    other = WHO | {"actor": OTHER}
    services.approve_stage(plan_id=plan.pk, **other)
    with pytest.raises(services.NothingToApprove):
        services.approve_stage(plan_id=plan.pk, **other)
    services.skip_stage(plan_id=plan.pk, **WHO)
    with pytest.raises(services.NothingToApprove):
        services.approve_stage(plan_id=plan.pk, **other)


def test_a_missing_approval_cannot_be_skipped(state: FlagState) -> None:
    plan = make_rollout(state, stages=CHECKED)
    with pytest.raises(services.ApprovalMissing):
        services.skip_stage(plan_id=plan.pk, **WHO)


# Ending


@pytest.mark.parametrize("position", [0, 1, 3])
@pytest.mark.parametrize("paused", [False, True])
def test_rolling_back_serves_exactly_what_was_there(position: int, paused: bool) -> None:
    state = state_in(make_flag(key="search", rolling_out=True))
    before = transitions.readable(definitions.serving(state))
    plan = make_rollout(state, position=position, paused=paused, stages=[*CHECKED[1:], *LONG])
    services.roll_back_rollout(plan_id=plan.pk, actor=ACTOR, reason="worse", at=AT)
    assert transitions.readable(definitions.serving(again(state))) == before
    assert (again(plan).status, again(plan).ended_at) == ("ROLLED_BACK", AT)
    assert kinds()[-1] == "flags.rolled_back"


LONG = [Stage(f"{n} %", (), n * 1_000, 60) for n in (5, 10, 20)]


def test_rolling_back_a_killed_flag_leaves_it_killed() -> None:
    state = state_in(make_flag(rolling_out=True))
    plan = make_rollout(state)
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    services.roll_back_rollout(plan_id=plan.pk, actor=ACTOR, reason="worse", at=AT)
    assert serves(state) == ("KILLED", split_rule(on=25, off=75), "on")


def test_taking_over_keeps_what_is_served_and_sets_the_flag_free(state: FlagState) -> None:
    plan = make_rollout(state, position=1)
    before = serves(state)
    services.take_over_rollout(plan_id=plan.pk, **WHO)
    assert serves(state) == before
    assert again(plan).status == "TAKEN_OVER"
    assert set_state(state, Change(status=FlagStatus.OFF)).status == "OFF"


def test_nothing_can_be_done_to_a_plan_that_is_over(state: FlagState) -> None:
    plan = make_rollout(state)
    services.take_over_rollout(plan_id=plan.pk, **WHO)
    for service in (
        services.pause_rollout,
        services.resume_rollout,
        services.skip_stage,
        services.approve_stage,
        services.roll_back_rollout,
        services.take_over_rollout,
    ):
        with pytest.raises(services.RolloutIsOver):
            service(plan_id=plan.pk, **WHO)
    assert sweep(AT + 9 * WEEK) == 0


STEERING = ["pause_rollout", "resume_rollout", "skip_stage", "approve_stage", "roll_back_rollout", "take_over_rollout"]


@pytest.mark.parametrize("name", STEERING)
def test_steering_in_a_protected_environment_says_why_and_what_it_saw(state: FlagState, name: str) -> None:
    plan, service = make_rollout(state), getattr(services, name)
    with pytest.raises(StaleVersion):
        service(plan_id=plan.pk, **WHO | {"expected_version": 9})
    with pytest.raises(ReasonMissing):
        service(plan_id=plan.pk, **WHO | {"reason": " "})
    assert again(plan).version == 1


def test_a_form_from_before_a_stage_went_on_is_stale(state: FlagState) -> None:
    plan = make_rollout(state)
    sweep(AT + WEEK)
    with pytest.raises(StaleVersion):
        services.skip_stage(plan_id=plan.pk, **WHO | {"expected_version": plan.version})


# Reading


def test_what_stops_plans_is_told_the_longest_waiting_first(state: FlagState) -> None:
    guarded, checked = state_in(make_flag(project=state.flag.project, key="guarded")), state
    make_rollout(guarded, guards=["errors"])
    make_rollout(checked, stages=CHECKED)
    make_rollout(state_in(make_flag(project=state.flag.project, key="waiting")))
    make_rollout(state_in(make_flag(project=state.flag.project, key="elsewhere"), "staging"), stages=CHECKED)
    found = selectors.stopped_rollouts(state.environment, at=AT + WEEK - timedelta(hours=1))
    assert [(one.flag_key, one.number, one.stages, one.reason.cause.value) for one in found] == [
        ("search", 1, 2, "approval")
    ]
    found = selectors.stopped_rollouts(state.environment, at=AT + WEEK)
    assert [(one.flag_key, one.reason.words) for one in found] == [
        ("search", "somebody other than who started it has to approve the stage"),
        ("guarded", "errors is not green: no verdict yet"),
    ]


def test_more_plans_ask_the_database_no_more_often(state: FlagState, django_assert_max_num_queries: Any) -> None:
    project = state.flag.project
    for n in range(5):
        stages = [Stage("a", (), 1_000, 60, minimum_evaluations=n), Stage("b", (), 2_000, 60)]
        make_rollout(state_in(make_flag(project=project, key=f"flag-{n}")), guards=["errors", "p95"], stages=stages)
    with django_assert_max_num_queries(4):
        rows = list(selectors.rollouts(project))
        assert [len(told.verdicts) for told in selectors.tell(rows, at=AT)] == [2] * 5


def test_stages_are_kept_as_they_were_planned(state: FlagState) -> None:
    make_rollout(state, stages=CHECKED)
    found = RolloutStage.objects.order_by("position").values_list("name", "weight", "hold_seconds", "needs_approval")
    assert list(found) == [("a", 1_000, 60, True), ("b", 2_000, 60, False)]
