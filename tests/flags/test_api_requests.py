"""Change requests over REST: proposing, deciding, and where changing directly is refused."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from apps.core import audit
from apps.core.models import AuditEntry, ChangeRequest, Project
from apps.flags.models import FlagState, ScheduledChange
from tests.callers import BACKEND, as_key, as_role
from tests.factories import (
    LATER,
    ask_for_approvals,
    make_flag,
    make_key,
    make_project,
    make_request,
    make_segment,
    make_user,
    split_rule,
    state_in,
)

pytestmark = pytest.mark.django_db
SHOP = "/api/v1/projects/shop/"
REQUESTS = f"{SHOP}change-requests/"
STATE = f"{SHOP}flags/checkout/states/production/"
ON: dict[str, Any] = {
    "kind": "flags.state_change",
    "flag": "checkout",
    "environment": "production",
    "patch": {"status": "ON"},
    "reason": "launch",
}


@pytest.fixture
def shop() -> Project:
    """Its production asks for one approval."""
    project = make_project(key="shop")
    make_flag(project=project, key="checkout")
    make_segment(project=project, key="beta")
    ask_for_approvals(project.environments.get(key="production"))
    return project


@pytest.fixture
def product(shop: Project) -> APIClient:
    return as_role("Product")


@pytest.fixture
def state(shop: Project) -> FlagState:
    return FlagState.objects.select_related("environment__project").get(
        flag__key="checkout", environment__key="production"
    )


def one(request: ChangeRequest, verb: str = "") -> str:
    return f"{REQUESTS}{request.pk}/{verb and f'{verb}/'}"


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def fields(answer: Any) -> list[str]:
    return sorted(error["field"] for error in answer.json()["errors"])


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("patch", STATE, {"status": "ON", "reason": "x"}),
        ("post", f"{STATE}revert/", {"to_version": 1, "reason": "x"}),
        ("patch", f"{SHOP}flags/checkout/", {"client_exposed": True, "reason": "x"}),
        ("put", f"{SHOP}segments/beta/members/production/", {"targeting_keys": ["u-1"], "reason": "x"}),
        (
            "post",
            f"{SHOP}scheduled-changes/",
            {
                "flag": "checkout",
                "environment": "production",
                "apply_at": "2099-01-01T09:00:00Z",
                "status": "ON",
                "reason": "x",
            },
        ),
    ],
)
def test_changing_directly_says_where_to_propose(product: APIClient, method: str, url: str, body: Any) -> None:
    answer = getattr(product, method)(url, body)
    assert code(answer) == (409, "approval_required")
    assert answer.json()["detail"] == (
        "Production asks for approval of every change. Propose it instead: POST it to "
        "/api/v1/projects/shop/change-requests/"
    )
    assert product.get(STATE).json()["version"] == 1


def test_a_kill_asks_nobody(product: APIClient) -> None:
    assert product.post(f"{STATE}kill/").status_code == 200


def test_a_proposal_answers_with_its_diff(product: APIClient) -> None:
    answer = product.post(REQUESTS, {**ON, "expected_version": 1})
    assert answer.status_code == 201
    told = answer.json()
    user = User.objects.latest("id")
    assert told | {"id": 0, "subject_id": "", "created_at": ""} == {
        "id": 0,
        "kind": "flags.state_change",
        "environment": "production",
        "subject_type": "flags.flagstate",
        "subject_id": "",
        "subject_label": "checkout in production",
        "patch": {"status": "ON"},
        "base_version": 1,
        "changes": {"status": ["off", "on"]},
        "reason": "launch",
        "author": {"kind": "USER", "id": user.pk, "label": user.username},
        "status": "PENDING",
        "approvals": {"given": 0, "needed": 1},
        "votes": [],
        "created_at": "",
        "closed_at": None,
        "version": 1,
    }
    assert product.get(f"{REQUESTS}{told['id']}/").json() == told
    assert product.get(STATE).json()["status"] == "OFF"


def test_somebody_else_approves_and_it_is_applied(product: APIClient) -> None:
    made = product.post(REQUESTS, ON).json()
    url = f"{REQUESTS}{made['id']}/approve/"
    assert code(product.post(url)) == (403, "author_cannot_approve")
    answer = as_role("Product").post(url, {"comment": "go"})
    assert (answer.status_code, answer.json()["status"]) == (200, "APPLIED")
    assert answer.json()["approvals"] == {"given": 1, "needed": 1}
    assert [vote["comment"] for vote in answer.json()["votes"]] == ["go"]
    assert product.get(STATE).json()["status"] == "ON"
    assert code(as_role("Product").post(url)) == (409, "request_is_closed")


def test_half_of_the_approvals_change_nothing(product: APIClient, state: FlagState) -> None:
    ask_for_approvals(state.environment, 2)
    request, client = make_request(state), as_role("Operator")
    answer = client.post(one(request, "approve"))
    assert (answer.json()["status"], answer.json()["approvals"]) == ("PENDING", {"given": 1, "needed": 2})
    assert code(client.post(one(request, "approve"))) == (409, "already_voted")
    assert product.get(STATE).json()["status"] == "OFF"


def test_where_the_state_moved_the_answer_says_outdated(product: APIClient, state: FlagState) -> None:
    first, second = make_request(state), make_request(state)
    product.post(one(first, "approve"))
    answer = product.post(one(second, "approve"))
    assert (answer.status_code, answer.json()["status"]) == (200, "OUTDATED")


def test_rejecting_and_withdrawing(product: APIClient, state: FlagState) -> None:
    first = make_request(state)
    answer = product.post(one(first, "reject"), {"comment": "no"})
    assert (answer.json()["status"], answer.json()["votes"][0]["approves"]) == ("REJECTED", False)
    mine = product.post(REQUESTS, ON).json()
    url = f"{REQUESTS}{mine['id']}/withdraw/"
    assert code(as_role("Administrator").post(url)) == (403, "not_the_author")
    assert product.post(url).json()["status"] == "WITHDRAWN"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"kind": "flags.nonsense"}, ["kind"]),
        ({"flag": "nowhere"}, ["flag"]),
        ({"environment": "nowhere"}, ["environment"]),
        ({"patch": {"status": "KILLED"}}, ["status"]),
        ({"patch": {"color": 1}}, ["patch.color"]),
        ({"patch": {"rules": split_rule(on=50, off=40)}}, ["rules[0].serve.split"]),
        ({"patch": []}, ["patch"]),
        ({"patch": {"default_variant": "x\0"}}, ["patch.default_variant"]),
        ({"kind": "flags.members_change"}, ["segment"]),
        ({"kind": "flags.members_change", "segment": "beta", "patch": {"targeting_keys": [1]}}, ["targeting_keys[0]"]),
        ({"kind": "flags.flag_change", "patch": {"client_exposed": True}}, ["environment"]),
        ({"kind": "flags.revert", "patch": {"to_version": "1"}}, ["to_version"]),
        ({"kind": "flags.schedule", "patch": {"apply_at": "soon", "change": {}}}, ["apply_at"]),
        ({"kind": "flags.schedule", "patch": {"apply_at": "2001-01-01", "change": {"status": "ON"}}}, ["apply_at"]),
        ({"kind": "flags.schedule", "patch": {"apply_at": "2099-01-01", "change": {"x": 1}}}, ["change.x"]),
        ({"colour": "red"}, ["colour"]),
        ({"reason": ""}, ["reason"]),
    ],
)
def test_a_malformed_proposal_names_the_field(product: APIClient, body: dict[str, Any], wrong: list[str]) -> None:
    answer = product.post(REQUESTS, {**ON, **body})
    assert (answer.status_code, fields(answer)) == (400, wrong)
    assert not ChangeRequest.objects.exists()


def test_what_is_missing_is_named(product: APIClient) -> None:
    without = {name: value for name, value in ON.items() if name not in ("flag", "environment")}
    assert fields(product.post(REQUESTS, without)) == ["environment"]
    assert fields(product.post(REQUESTS, {**without, "environment": "production"})) == ["flag"]


def test_conflicts_of_a_proposal(product: APIClient) -> None:
    assert code(product.post(REQUESTS, {**ON, "expected_version": 7})) == (409, "stale_version")
    assert code(product.post(REQUESTS, {**ON, "patch": {"status": "OFF"}})) == (409, "nothing_to_change")
    assert code(product.post(REQUESTS, {**ON, "environment": "staging"})) == (409, "approval_not_needed")
    assert product.post(REQUESTS, {**ON, "kind": "flags.revert", "patch": {"to_version": 9}}).status_code == 404


def test_every_kind_can_be_proposed_and_applied(product: APIClient, shop: Project) -> None:
    later = LATER.replace(year=2099).isoformat()
    variants = [{"key": "on", "value": True}, {"key": "no", "value": False}, {"key": "off", "value": False}]
    bodies: list[dict[str, Any]] = [
        ON,
        {**ON, "kind": "flags.revert", "patch": {"to_version": 1}},
        {**ON, "kind": "flags.schedule", "patch": {"apply_at": later, "change": {"status": "ON"}}},
        {"kind": "flags.flag_change", "flag": "checkout", "patch": {"variants": variants}, "reason": "x"},
        {**ON, "kind": "flags.members_change", "segment": "beta", "patch": {"targeting_keys": ["u-1"]}},
    ]
    for body in bodies:
        answer = product.post(REQUESTS, body)
        assert answer.status_code == 201, answer.content
        assert as_role("Product").post(f"{REQUESTS}{answer.json()['id']}/approve/").json()["status"] == "APPLIED"
    assert product.get(f"{SHOP}segments/beta/members/production/").json()["targeting_keys"] == ["u-1"]
    assert [one["key"] for one in product.get(f"{SHOP}flags/checkout/").json()["variants"]] == ["on", "no", "off"]
    assert ScheduledChange.objects.get().approved


def test_requests_are_listed_newest_first_and_narrowed(product: APIClient, state: FlagState) -> None:
    first, second = make_request(state), make_request(state)
    product.post(one(first, "reject"))
    assert [row["id"] for row in product.get(REQUESTS).json()["results"]] == [second.pk, first.pk]
    for query, found in (
        ("status=PENDING", [second.pk]),
        ("status=REJECTED&environment=production", [first.pk]),
        ("environment=staging", []),
        ("kind=flags.revert", []),
    ):
        assert [row["id"] for row in product.get(f"{REQUESTS}?{query}").json()["results"]] == found
    assert product.get(f"{REQUESTS}?status=waiting").status_code == 400


def test_other_projects_have_their_own(product: APIClient, state: FlagState) -> None:
    request = make_request(state)
    make_project(key="other")
    other = f"/api/v1/projects/other/change-requests/{request.pk}/"
    assert product.get(other).status_code == 404
    assert product.post(f"{other}approve/").status_code == 404


# Who may


@pytest.mark.parametrize("role", [None, "Viewer"])
def test_whoever_may_not_change_neither_proposes_nor_decides(state: FlagState, role: str | None) -> None:
    request, client = make_request(state), as_role(role)
    assert client.post(REQUESTS, ON).status_code == 403
    for verb in ("approve", "reject", "withdraw"):
        assert client.post(one(request, verb)).status_code == 403
    assert client.get(one(request)).status_code == (200 if role else 403)


def test_proposing_asks_for_the_right_to_make_the_change(state: FlagState) -> None:
    user = make_user(role="Viewer")
    user.user_permissions.add(Permission.objects.get(codename="change_flagstate"))
    client = APIClient()
    client.force_login(user, backend=BACKEND)
    assert client.post(REQUESTS, ON).status_code == 403  # a protected environment
    user.user_permissions.add(Permission.objects.get(codename="change_protected"))
    assert client.post(REQUESTS, ON).status_code == 201
    members = {**ON, "kind": "flags.members_change", "segment": "beta", "patch": {"targeting_keys": ["u-1"]}}
    assert client.post(REQUESTS, members).status_code == 403
    assert client.post(one(make_request(state), "approve")).status_code == 403


def test_a_key_proposes_and_withdraws_but_does_not_approve(shop: Project, state: FlagState) -> None:
    key = make_key(project=shop, writing=True, name="CI")
    client = as_key(key)
    made = client.post(REQUESTS, ON)
    assert (made.status_code, made.json()["author"]) == (201, {"kind": "KEY", "id": key.key.pk, "label": "CI"})
    other = make_request(state, actor=audit.person(make_user()))
    for verb in ("approve", "reject"):
        assert code(client.post(one(other, verb))) == (403, "only_people_approve")
    assert client.post(f"{REQUESTS}{made.json()['id']}/withdraw/").json()["status"] == "WITHDRAWN"
    assert AuditEntry.objects.get(kind="core.request_withdrawn").actor_label == "CI"
    reader = as_key(make_key(project=shop, management=True))
    assert reader.post(REQUESTS, ON).status_code == 403
    assert reader.get(one(other)).status_code == 200


def test_a_bound_key_proposes_for_its_environment_alone(shop: Project, state: FlagState) -> None:
    request = make_request(state)
    here = as_key(make_key(environment=shop.environments.get(key="production"), writing=True))
    there = as_key(make_key(environment=shop.environments.get(key="staging"), writing=True))
    assert here.post(REQUESTS, ON).status_code == 201
    assert there.post(REQUESTS, ON).status_code == 403
    assert there.get(REQUESTS).json()["results"] == []
    assert there.get(one(request)).status_code == 404
    assert there.post(one(request, "withdraw")).status_code == 404
    assert len(here.get(REQUESTS).json()["results"]) == 2
    everywhere = {"kind": "flags.flag_change", "flag": "checkout", "patch": {"client_exposed": True}, "reason": "x"}
    assert here.post(REQUESTS, everywhere).status_code == 403


def test_longer_lists_ask_the_database_no_more_often(
    product: APIClient, state: FlagState, django_assert_max_num_queries: Any
) -> None:
    for _n in range(5):
        make_request(state)
    product.get(REQUESTS)
    with django_assert_max_num_queries(12):
        product.get(REQUESTS)


def test_an_environment_says_how_many_approvals_it_asks_for(shop: Project) -> None:
    url = f"{SHOP}environments/production/"
    operator = as_role("Operator")
    assert operator.get(url).json()["required_approvals"] == 1
    answer = operator.patch(url, {"required_approvals": 2, "reason": "two pairs of eyes"})
    assert (answer.status_code, answer.json()["required_approvals"]) == (200, 2)
    assert operator.patch(url, {"required_approvals": 11}).status_code == 400
    made = operator.post(
        f"{SHOP}environments/", {"key": "eu", "name": "EU", "kind": "PRODUCTION", "required_approvals": 3}
    )
    assert made.json()["required_approvals"] == 3
    assert state_in(make_flag(project=shop), "eu").environment.approvals_needed == 0  # it is not protected
