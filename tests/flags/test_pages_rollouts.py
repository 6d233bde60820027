"""Rollout plans on pages: starting one, its place on the flag's page, steering it, and what is refused meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock
from apps.core.audit import person
from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.models import FlagState, RolloutPlan
from tests.factories import ACTOR, make_flag, make_project, make_rollout, make_segment, say, state_in
from tests.factories.rollouts import WEEK
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
CHECKED = [Stage("Staff", (), 1_000, 60, needs_approval=True, minimum_evaluations=500), Stage("All", (), 2_000, 60)]
ACTIONS = ["pause", "resume", "skip", "approve", "roll-back", "take-over"]


@pytest.fixture
def project() -> Project:
    project = make_project()
    make_segment(project=project, key="internal", members=["u-1"])
    return project


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def form(*stages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What the browser sends."""
    rows = {f"stages-{n}-{name}": value for n, stage in enumerate(stages) for name, value in stage.items()}
    management = {"stages-TOTAL_FORMS": len(stages), "stages-INITIAL_FORMS": 0}
    return {"version": 1, "variant": "on", "guards": "", **management, **rows, **fields}


STAFF = {"name": "Staff", "groups": "internal", "share": "10", "hold": "7", "unit": "86400"}
ALL = {"name": "All", "groups": "", "share": "100", "hold": "12", "unit": "3600"}
EMPTY = {"name": "", "groups": "", "share": "", "hold": "", "unit": "86400"}


# Starting


def test_the_form_opens_with_the_four_weeks_and_whom_they_reach(visitor: Visitor, state: FlagState) -> None:
    say(state.environment, "errors")
    page = visitor.get("flag-rollout-start", key="dark")
    for n, (name, groups, share) in enumerate(
        [
            ("Internal", "internal", "10"),
            ("Beta testers", "beta-testers", "25"),
            ("Early adopters", "early-adopters", "50"),
        ]
    ):
        shows(page, f'name="stages-{n}-name" value="{name}"', f'name="stages-{n}-groups" value="{groups}"')
        shows(page, f'name="stages-{n}-share" value="{share}"', f'name="stages-{n}-hold" value="7"')
    shows(page, "Guards that have spoken here: errors.", "Whom each stage reaches", '<td class="number">1,000</td>')
    shows(page, "No segment yet: beta-testers, early-adopters.")
    assert again(state).version == 1


def test_another_template_can_be_chosen(visitor: Visitor, state: FlagState) -> None:
    page = visitor.get("flag-rollout-start", "?template=three-days", key="dark")
    shows(page, 'name="stages-0-hold" value="4"', '<option value="3600" selected>hours</option>')
    shows(visitor.get("flag-rollout-start", "?template=gone", key="dark"), 'value="Beta testers"')


def test_a_plan_is_reviewed_and_then_started_with_a_reason(visitor: Visitor, state: FlagState) -> None:
    data = form(STAFF, ALL, EMPTY, guards="errors, p95")
    review = visitor.post("flag-rollout-start", data, key="dark")
    assert review.status_code == 200
    shows(review, "Start the rollout of dark in Production", "internal: 10 % on, 90 % off; everybody else: off")
    shows(review, "these guards are green: errors, p95", 'name="stages-0-share" value="10"')
    assert not RolloutPlan.objects.exists()
    answer = visitor.post("flag-rollout-start", data | {"confirmed": "1", "reason": "launch"}, key="dark")
    assert answer.status_code == 302
    plan = RolloutPlan.objects.get()
    assert (plan.guards, plan.started_by_label) == (["errors", "p95"], visitor.user.username)
    stages = plan.stages.order_by("position").values_list("name", "groups", "weight", "hold_seconds")
    assert list(stages) == [("Staff", ["internal"], 10_000, 604_800), ("All", [], 100_000, 43_200)]
    assert AuditEntry.objects.get(kind="flags.rollout_started").reason == "launch"


def test_production_asks_for_a_reason_and_keeps_the_plan(visitor: Visitor, state: FlagState) -> None:
    answer = visitor.post("flag-rollout-start", form(STAFF, ALL) | {"confirmed": "1", "reason": " "}, key="dark")
    assert answer.status_code == 422
    shows(answer, "Say why", 'name="stages-1-name" value="All"')


@pytest.mark.parametrize("button", ["preview", "edit"])
def test_the_preview_and_keep_editing_bring_the_form_back(visitor: Visitor, state: FlagState, button: str) -> None:
    answer = visitor.post("flag-rollout-start", form({**STAFF, "share": "30"}, ALL) | {button: "1"}, key="dark")
    assert answer.status_code == 200
    shows(answer, 'name="stages-0-share" value="30"', "Whom each stage reaches", "30 % of internal")


@pytest.mark.parametrize(
    ("stages", "fields", "said", "place"),
    [
        ([{**STAFF, "share": "101"}, ALL], {}, "A share is at most 100 %.", "id_stages-0-share"),
        ([{**STAFF, "share": ""}, ALL], {}, "Type a number such as 25 or 0.5.", "id_stages-0-share"),
        ([{**STAFF, "hold": ""}, ALL], {}, "Say how long at least.", "id_stages-0-hold"),
        ([{**STAFF, "hold": "91"}, ALL], {}, "must be from 0 to 90 days", "id_stages-0-hold"),
        ([STAFF, EMPTY, {**STAFF, "share": "5"}], {}, "reaches nobody new", "id_stages-2-share"),
        ([{**STAFF, "name": ""}, ALL], {}, "must not be empty", "id_stages-0-name"),
        ([STAFF, {**ALL, "needs_approval": "on"}], {}, "nothing to approve", "id_stages-1-needs_approval"),
        ([EMPTY], {}, "needs at least one stage", "stages"),
        ([STAFF, ALL], {"guards": "Errors!"}, "is no name of a guard", "id_guards"),
        ([STAFF, ALL], {"variant": "off"}, "nothing to roll out", "id_variant"),
    ],
)
@pytest.mark.usefixtures("state")
def test_a_plan_at_fault_says_where(
    visitor: Visitor, stages: list[dict[str, Any]], fields: dict[str, Any], said: str, place: str
) -> None:
    answer = visitor.post("flag-rollout-start", form(*stages, **fields), key="dark")
    assert answer.status_code == 422
    shows(answer, said, f'<a href="#{place}">')
    assert not RolloutPlan.objects.exists()


def test_a_start_from_before_somebody_changed_the_flag_is_told_at_the_review(
    visitor: Visitor, state: FlagState
) -> None:
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors doubled", at=clock.now())
    answer = visitor.post("flag-rollout-start", form(STAFF, ALL), key="dark")
    assert answer.status_code == 409
    shows(answer, "Somebody changed this flag while you were here.", "errors doubled")


def test_a_plan_of_a_string_flag_names_its_variant(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="colour", type=FlagType.STRING, on=True))
    data = form(STAFF, ALL, variant="red", version=2)
    visitor.post("flag-rollout-start", data | {"confirmed": "1", "reason": "x"}, key="colour")
    assert again(state).rules[0]["serve"]["split"] == [["red", 10_000], ["blue", 90_000]]


def test_there_is_no_second_plan_to_start(visitor: Visitor, state: FlagState) -> None:
    make_rollout(state)
    assert visitor.get("flag-rollout-start", key="dark").status_code == 302
    answer = visitor.post("flag-rollout-start", form(STAFF, ALL, version=2, confirmed="1", reason="x"), key="dark")
    assert answer.status_code == 409
    shows(answer, "A rollout plan changes this flag.")


# On the flag's page


def test_the_flag_s_page_shows_the_stages_as_a_line(visitor: Visitor, state: FlagState) -> None:
    now = clock.now()
    say(state.environment, "errors", at=now - 2 * WEEK)
    make_rollout(state, at=now - 2 * WEEK, guards=["errors", "p95"])
    RolloutPlan.objects.update(due_at=now - WEEK)
    say(state.environment, "p95", at=now - WEEK, days=1)
    services.advance_rollouts(at=now - WEEK + timedelta(hours=1))
    page = visitor.get("flag-detail", key="dark")
    shows(
        page, "Stage 2 of 4, 25 % of beta-testers", 'class="stage stage-done"', 'class="stage stage-now" aria-current'
    )
    shows(page, "25 % of beta-testers", "goes on", "errors", "p95", "the last verdict expired 6 days ago")
    shows(page, "Pause", "Skip to the next stage", "Take over", "Roll back")
    shows(page, "A rollout plan changes this flag. Take it over below to change the flag by hand.")
    assert "Review change in Production" not in text(page)
    assert "Revert to version" not in text(page)


def test_a_stage_that_waits_says_for_what_and_offers_the_approval(visitor: Visitor, state: FlagState) -> None:
    make_rollout(state, stages=CHECKED)
    page = visitor.get("flag-detail", key="dark")
    shows(page, "somebody other than who started it has to approve the stage", "0 of 500 evaluations so far")
    shows(page, "Approve this stage", "needs approval", "at least 500 evaluations")


def test_who_started_a_plan_is_told_that_somebody_else_approves(visitor: Visitor, state: FlagState) -> None:
    plan = make_rollout(state, stages=CHECKED, actor=person(visitor.user))
    page = visitor.get("flag-detail", key="dark")
    shows(page, "somebody else has to approve this stage")
    assert visitor.url("flag-rollout-approve", key="dark", rollout=plan.pk) not in text(page)


def test_a_flag_without_a_plan_offers_one_and_lists_those_before(visitor: Visitor, state: FlagState) -> None:
    plan = make_rollout(state)
    services.roll_back_rollout(plan_id=plan.pk, actor=ACTOR, reason="x", at=clock.now())
    page = visitor.get("flag-detail", key="dark")
    shows(page, "Start a rollout", "Rollouts before", "Rolled back", "Stage 1 of 4, 10 % of internal")
    assert "Start a rollout" not in text(Visitor(state.flag.project, role="Viewer").get("flag-detail", key="dark"))


def test_the_list_shows_the_stage_and_asks_the_database_no_more_often(
    project: Project, visitor: Visitor, state: FlagState
) -> None:
    make_rollout(state, position=1)
    make_rollout(state_in(state.flag, "staging"), paused=True)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page = visitor.get("flag-list")
        shows(page, "Stage 2 of 4, 25 % of beta-testers", "Paused: Stage 1 of 4, 10 % of internal")
        return len(queries)

    asked()
    before = asked()
    for n in range(5):
        make_rollout(state_in(make_flag(project=project, key=f"more-{n}")))
    assert asked() == before


def test_the_rollouts_page_lists_open_plans_and_those_that_ended(
    project: Project, visitor: Visitor, state: FlagState
) -> None:
    shows(visitor.get("rollout-list"), "No rollout is running here")
    ended = make_rollout(state_in(make_flag(project=project, key="gone-by")))
    services.take_over_rollout(plan_id=ended.pk, actor=ACTOR, reason="x", at=clock.now(), expected_version=None)
    make_rollout(state)
    make_rollout(state_in(make_flag(project=project, key="elsewhere"), "staging"))
    page = visitor.get("rollout-list")
    shows(page, "dark", "Running", "gone-by", "Taken over")
    assert "elsewhere" not in text(page)


# Steering


@pytest.mark.parametrize(
    ("action", "status"),
    [("pause", "PAUSED"), ("skip", "RUNNING"), ("roll-back", "ROLLED_BACK"), ("take-over", "TAKEN_OVER")],
)
def test_each_action_is_looked_at_and_done_by_one_post(
    visitor: Visitor, state: FlagState, action: str, status: str
) -> None:
    plan = make_rollout(state)
    page = visitor.get(f"flag-rollout-{action}", key="dark", rollout=plan.pk)
    assert (page.status_code, again(plan).version) == (200, 1)
    data = {"version": 1, "reason": "because"}
    answer = visitor.post(f"flag-rollout-{action}", data, key="dark", rollout=plan.pk)
    assert answer.status_code == 302
    assert (again(plan).status, again(plan).version) == (status, 2)
    assert AuditEntry.objects.latest("id").actor_label == visitor.user.username


def test_skipping_shows_what_would_be_served_and_insists_on_a_reason(project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"), "staging")
    plan, visitor = make_rollout(state), Visitor(project, environment="staging")
    page = visitor.get("flag-rollout-skip", key="dark", rollout=plan.pk)
    shows(page, "If the user is in beta-testers, serve 25 % on, 75 % off", "lasts its whole time")
    answer = visitor.post("flag-rollout-skip", {"version": 1, "reason": ""}, key="dark", rollout=plan.pk)
    assert answer.status_code == 422
    shows(answer, "Say why")


def test_rolling_back_is_one_click_with_the_reason_filled_in(visitor: Visitor, state: FlagState) -> None:
    plan = make_rollout(state, position=3)
    page = visitor.get("flag-rollout-roll-back", key="dark", rollout=plan.pk)
    shows(page, "Roll back in Production now", "Something looks wrong; back to what was there before the rollout.")
    answer = visitor.post(
        "flag-rollout-roll-back", {"version": 1, "reason": "Something looks wrong"}, key="dark", rollout=plan.pk
    )
    assert answer.status_code == 302  # from whichever stage, and however old the page
    assert again(state).status == "OFF"


def test_resuming_after_a_kill_waits_until_it_is_lifted(visitor: Visitor, state: FlagState) -> None:
    plan = make_rollout(state)
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=clock.now())
    shows(visitor.get("flag-detail", key="dark"), "Paused", "Resume", "the flag is killed")
    data = {"version": 2, "reason": "because"}
    answer = visitor.post("flag-rollout-resume", data, key="dark", rollout=plan.pk)
    assert answer.status_code == 409
    shows(answer, "This flag is killed.", "Lift the kill first")


def test_a_plan_that_went_on_meanwhile_is_told_and_the_input_kept(visitor: Visitor, state: FlagState) -> None:
    plan = make_rollout(state, position=1)
    answer = visitor.post("flag-rollout-skip", {"version": 1, "reason": "mine"}, key="dark", rollout=plan.pk)
    assert answer.status_code == 409
    shows(answer, "This rollout went on while you were here.", "mine", 'name="version" value="2"')


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("resume", "This rollout is running already."),
        ("approve", "You started this rollout. Somebody else has to approve its stages."),
        ("skip", "This stage has to be approved before it can be left."),
    ],
)
def test_what_makes_no_sense_is_told(visitor: Visitor, state: FlagState, action: str, said: str) -> None:
    visitor.post(
        "flag-rollout-start",
        form({**STAFF, "needs_approval": "on"}, ALL, confirmed="1", reason="launch"),
        key="dark",
    )
    plan = RolloutPlan.objects.get()
    data = {"version": 1, "reason": "because"}
    answer = visitor.post(f"flag-rollout-{action}", data, key="dark", rollout=plan.pk)
    assert answer.status_code == 409
    shows(answer, said)


def test_somebody_else_approves(visitor: Visitor, state: FlagState) -> None:
    plan = make_rollout(state, stages=CHECKED)
    answer = visitor.post("flag-rollout-approve", {"version": 1, "reason": "fine"}, key="dark", rollout=plan.pk)
    assert answer.status_code == 302
    shows(visitor.client.get(answer.url), f"approved by {visitor.user.username}")


def test_another_flag_s_plan_is_not_steered_from_here(project: Project, visitor: Visitor, state: FlagState) -> None:
    other = make_rollout(state_in(make_flag(project=project, key="other")))
    assert visitor.get("flag-rollout-pause", key="dark", rollout=other.pk).status_code == 404


# Meanwhile


@pytest.mark.parametrize("name", ["flag-toggle", "flag-revert"])
def test_a_change_by_hand_is_refused_with_the_way_to_the_plan(visitor: Visitor, state: FlagState, name: str) -> None:
    make_rollout(state)
    kwargs = {"key": "dark"} | ({"number": 1} if name == "flag-revert" else {})
    for answer in (
        visitor.get(name, "?to=off", **kwargs),
        visitor.post(name, {"version": 2, "reason": "x"}, "?to=off", **kwargs),
    ):
        assert answer.status_code == 409
        shows(answer, "A rollout plan changes this flag.", "Go to the rollout plan", "flags/dark/#rollout-plan")
    assert again(state).version == 2


def test_variants_stay_as_they_are_meanwhile(visitor: Visitor, state: FlagState) -> None:
    make_rollout(state)
    rows = {"variants-TOTAL_FORMS": 2, "variants-INITIAL_FORMS": 0, "variants-0-key": "on", "variants-0-value": "true"}
    rows |= {"variants-1-key": "no", "variants-1-value": "false"}
    answer = visitor.post(
        "flag-edit", {"version": 1, "name": "Dark", "purpose": "RELEASE", "reason": "x", **rows}, key="dark"
    )
    assert answer.status_code == 409
    shows(answer, "A rollout plan changes this flag.")


@pytest.mark.parametrize("action", ACTIONS)
def test_viewers_steer_nothing(state: FlagState, action: str) -> None:
    plan, viewer = make_rollout(state), Visitor(state.flag.project, role="Viewer")
    name = f"flag-rollout-{action}"
    for answer in (
        viewer.get(name, key="dark", rollout=plan.pk),
        viewer.post(name, {"version": 1, "reason": "x"}, key="dark", rollout=plan.pk),
    ):
        assert answer.status_code == 403
    assert viewer.get("flag-rollout-start", key="dark").status_code == 403
    assert viewer.get("rollout-list").status_code == 200
