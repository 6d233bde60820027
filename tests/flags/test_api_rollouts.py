"""Rollout plans over REST: templates, starting, steering, lists, and what is refused meanwhile."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core import clock
from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.models import FlagState, RolloutPlan
from tests.callers import as_key, as_role
from tests.factories import ACTOR, make_flag, make_key, make_project, make_rollout, make_segment, say, state_in
from tests.factories.rollouts import OTHER

pytestmark = pytest.mark.django_db
PROJECT = "/api/v1/projects/shop/"
ROLLOUTS = f"{PROJECT}flags/checkout/states/production/rollouts/"
STAGES = [
    {"name": "Staff", "groups": ["internal"], "weight": 100_000, "hold_seconds": 60},
    {"name": "All", "weight": 100_000, "hold_seconds": 60},
]
CHECKED = [Stage("a", (), 1_000, 60, needs_approval=True), Stage("b", (), 2_000, 60)]


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


@pytest.fixture
def state(shop: Project) -> FlagState:
    for key in ("internal", "beta-testers", "early-adopters"):
        make_segment(project=shop, key=key)
    return state_in(make_flag(project=shop, key="checkout"))


@pytest.fixture
def product(state: FlagState) -> APIClient:
    return as_role("Product")


def errors(answer: Any) -> dict[str, str]:
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def test_templates_are_listed_the_default_first(product: APIClient) -> None:
    found = product.get(f"{PROJECT}rollout-templates/").json()["results"]
    assert [template["key"] for template in found] == ["four-weeks", "three-days"]
    assert [(stage["groups"], stage["weight"]) for stage in found[0]["stages"]] == [
        (["internal"], 10_000),
        (["beta-testers"], 25_000),
        (["early-adopters"], 50_000),
        ([], 100_000),
    ]


def test_a_plan_starts_with_a_reason_alone(product: APIClient, state: FlagState) -> None:
    answer = product.post(ROLLOUTS, {"reason": "launch", "expected_version": 1})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["flag"], body["environment"], body["variant"]) == ("checkout", "production", "on")
    assert (body["status"], body["position"], body["version"]) == ("RUNNING", 0, 1)
    assert [stage["weight"] for stage in body["stages"]] == [10_000, 25_000, 50_000, 100_000]
    assert [wait["cause"] for wait in body["waits_for"]] == ["time"]
    assert body["base"]["status"] == "off"
    assert product.get(f"{ROLLOUTS}{body['id']}/").json() == body
    assert FlagState.objects.get(pk=state.pk).status == "ON"


def test_a_plan_of_one_s_own_with_guards_tells_what_they_say(product: APIClient, state: FlagState) -> None:
    say(state.environment, "errors", at=clock.now())
    answer = product.post(ROLLOUTS, {"stages": STAGES, "guards": ["errors", "p95"], "reason": "launch"})
    body = answer.json()
    assert [(one["guard"], one["green"], one["words"]) for one in body["verdicts"]] == [
        ("errors", True, "green"),
        ("p95", False, "no verdict yet"),
    ]
    assert [stage["groups"] for stage in body["stages"]] == [["internal"], []]
    assert [wait["words"] for wait in body["waits_for"]][1:] == ["p95 is not green: no verdict yet"]


def test_a_template_can_be_named(product: APIClient) -> None:
    body = product.post(ROLLOUTS, {"template": "three-days", "reason": "launch"}).json()
    assert [stage["name"] for stage in body["stages"]] == ["1 %", "5 %", "25 %", "50 %", "Everyone"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"variant": "blue"}, "variant"),
        ({"stages": []}, "stages"),
        ({"stages": [STAGES[1], STAGES[0]]}, "stages[1].weight"),
        ({"stages": [{**STAGES[1], "weight": 100_001}]}, "stages[0].weight"),
        ({"stages": [{**STAGES[1], "weight": "half"}]}, "stages[0].weight"),
        ({"stages": [{**STAGES[1], "hold": 60}]}, "stages[0].hold"),
        ({"stages": [{"name": "x", "weight": 1}]}, "stages[0].hold_seconds"),
        ({"stages": STAGES, "template": "three-days"}, "template"),
        ({"template": "fortnight"}, "template"),
        ({"guards": ["Errors!"]}, "guards[0]"),
        ({"speed": 2}, "speed"),
    ],
)
def test_a_plan_at_fault_is_refused_by_name(product: APIClient, change: dict[str, Any], field: str) -> None:
    answer = product.post(ROLLOUTS, {"reason": "launch", **change})
    assert answer.status_code == 400
    assert list(errors(answer)) == [field]
    assert not RolloutPlan.objects.exists()


def test_a_protected_environment_insists_on_a_reason(product: APIClient) -> None:
    answer = product.post(ROLLOUTS, {})
    assert (answer.status_code, answer.json()["code"]) == (400, "reason_missing")
    assert product.post(ROLLOUTS.replace("production", "staging"), {}).status_code == 201


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("pause", "PAUSED", "flags.rollout_paused"),
        ("skip", "RUNNING", "flags.stage_skipped"),
        ("roll-back", "ROLLED_BACK", "flags.rolled_back"),
        ("take-over", "TAKEN_OVER", "flags.rollout_taken_over"),
    ],
)
def test_every_action_is_one_post(product: APIClient, state: FlagState, action: str, status: str, kind: str) -> None:
    plan = make_rollout(state)
    answer = product.post(f"{ROLLOUTS}{plan.pk}/{action}/", {"reason": "why", "expected_version": 1})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["version"]) == (status, 2)
    assert AuditEntry.objects.get(kind=kind).reason == "why"


def test_a_paused_plan_is_resumed(product: APIClient, state: FlagState) -> None:
    plan = make_rollout(state, paused=True)
    assert product.get(f"{ROLLOUTS}{plan.pk}/").json()["remaining_seconds"] == 604_800
    answer = product.post(f"{ROLLOUTS}{plan.pk}/resume/", {"reason": "why"})
    assert (answer.json()["status"], answer.json()["remaining_seconds"]) == ("RUNNING", None)


def test_somebody_else_approves_a_stage(product: APIClient, state: FlagState) -> None:
    plan = make_rollout(state, stages=CHECKED)
    answer = product.post(f"{ROLLOUTS}{plan.pk}/approve/", {"reason": "looks good"})
    assert answer.json()["stages"][0]["approved_by_label"].startswith("person-")
    assert "approval" not in [wait["cause"] for wait in answer.json()["waits_for"]]


def test_a_key_does_not_approve_a_stage(state: FlagState) -> None:
    plan = make_rollout(state, stages=CHECKED)
    key = as_key(make_key(environment=state.environment, writing=True))
    answer = key.post(f"{ROLLOUTS}{plan.pk}/approve/", {"reason": "looks good"})
    assert (answer.status_code, answer.json()["code"]) == (403, "only_people_approve")


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("pause", "rollout_is_not_running"),
        ("skip", "rollout_is_not_running"),
        ("approve", "nothing_to_approve"),
    ],
)
def test_what_makes_no_sense_is_a_conflict(product: APIClient, state: FlagState, action: str, code: str) -> None:
    plan = make_rollout(state, paused=True)
    answer = product.post(f"{ROLLOUTS}{plan.pk}/{action}/", {"reason": "why"})
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_other_conflicts_have_codes_of_their_own(shop: Project, state: FlagState) -> None:
    key = as_key(make_key(project=shop, writing=True))
    own = key.post(ROLLOUTS, {"stages": [{**STAGES[0], "needs_approval": True}, STAGES[1]], "reason": "x"}).json()
    here = f"{ROLLOUTS}{own['id']}/"
    for action, code in (
        ("approve", "own_rollout"),
        ("skip", "approval_missing"),
        ("resume", "rollout_is_not_paused"),
    ):
        answer = key.post(f"{here}{action}/", {"reason": "why"})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert key.post(f"{here}pause/", {"reason": "x", "expected_version": 9}).json()["code"] == "stale_version"
    key.post(f"{here}take-over/", {"reason": "x"})
    assert key.post(f"{here}pause/", {"reason": "x"}).json()["code"] == "rollout_is_over"


def test_meanwhile_the_state_is_changed_by_nobody_else(product: APIClient, state: FlagState) -> None:
    make_rollout(state)
    live = f"{PROJECT}flags/checkout/states/production/"
    for answer in (
        product.patch(live, {"status": "OFF", "reason": "x"}),
        product.post(f"{live}revert/", {"to_version": 1, "reason": "x"}),
        product.patch(f"{PROJECT}flags/checkout/", {"variants": [{"key": "on", "value": True}], "reason": "x"}),
        product.post(ROLLOUTS, {"reason": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "flag_is_rolling_out")
    assert product.post(f"{live}kill/", {}).json()["status"] == "KILLED"
    assert product.get(ROLLOUTS).json()["results"][0]["status"] == "PAUSED"


def test_plans_are_listed_per_state_and_per_project(shop: Project, product: APIClient, state: FlagState) -> None:
    first = make_rollout(state)
    services.take_over_rollout(plan_id=first.pk, actor=ACTOR, reason="x", at=clock.now(), expected_version=None)
    second = make_rollout(state)
    staging = make_rollout(state_in(make_flag(project=shop, key="search"), "staging"), paused=True)
    make_rollout(state_in(make_flag(key="elsewhere")))

    def ids(address: str) -> list[int]:
        return [row["id"] for row in product.get(address).json()["results"]]

    assert ids(ROLLOUTS) == [second.pk, first.pk]
    assert ids(f"{PROJECT}rollouts/") == [staging.pk, second.pk, first.pk]
    assert ids(f"{PROJECT}rollouts/?environment=production&status=RUNNING") == [second.pk]
    assert ids(f"{PROJECT}rollouts/?status=PAUSED") == [staging.pk]
    assert product.get(f"{PROJECT}rollouts/?status=GONE").status_code == 400


def test_another_flag_s_plan_is_not_here(shop: Project, product: APIClient) -> None:
    other = make_rollout(state_in(make_flag(project=shop, key="search")))
    assert product.get(f"{ROLLOUTS}{other.pk}/").status_code == 404
    assert product.post(f"{ROLLOUTS}{other.pk}/pause/", {"reason": "x"}).status_code == 404


def test_a_key_bound_to_an_environment_steers_there_alone(shop: Project, state: FlagState) -> None:
    make_rollout(state, actor=OTHER)
    staging = shop.environments.get(key="staging")
    bound = as_key(make_key(environment=staging, writing=True))
    assert bound.post(ROLLOUTS.replace("production", "staging"), {"reason": "x"}).status_code == 201
    assert bound.post(ROLLOUTS, {"reason": "x"}).status_code == 403
    assert [row["environment"] for row in bound.get(f"{PROJECT}rollouts/").json()["results"]] == ["staging"]


def test_a_viewer_only_looks(state: FlagState) -> None:
    plan, viewer = make_rollout(state), as_role("Viewer")
    assert viewer.get(f"{ROLLOUTS}{plan.pk}/").status_code == 200
    assert viewer.post(ROLLOUTS, {"reason": "x"}).status_code == 403
    for action in ("pause", "resume", "skip", "approve", "roll-back", "take-over"):
        assert viewer.post(f"{ROLLOUTS}{plan.pk}/{action}/", {"reason": "x"}).status_code == 403
