"""Segments by rule and members as CSV files over REST."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from apps.core.models import AuditEntry, Project
from apps.flags.models import Segment
from tests.callers import BACKEND, as_key, as_role
from tests.factories import make_key, make_project, make_segment, make_user

pytestmark = pytest.mark.django_db
SEGMENTS = "/api/v1/projects/shop/segments/"
GERMANS = {"attr": ["country"], "op": "in", "value": ["DE"]}
LIVE = f"{SEGMENTS}beta/members/production/"


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


@pytest.fixture
def beta(shop: Project) -> Segment:
    return make_segment(project=shop, key="beta", members=["u-1", "u-2"])


def errors(answer: Any) -> dict[str, str]:
    return {one["field"]: one["message"] for one in answer.json()["errors"]}


def send(client: APIClient, body: str | bytes, query: str = "mode=add&reason=x", url: str = LIVE) -> Any:
    return client.post(f"{url}import/?{query}", body, content_type="text/csv")


# Rules


def test_a_segment_comes_with_a_rule_and_gets_another(shop: Project) -> None:
    product = as_role("Product")
    made = product.post(SEGMENTS, {"key": "germans", "name": "Germans", "rule": GERMANS})
    assert (made.status_code, made.json()["rule"]) == (201, GERMANS)
    url = f"{SEGMENTS}germans/"
    other = {"not": GERMANS}
    changed = product.patch(url, {"rule": other, "reason": "the others", "expected_version": 1})
    assert (changed.status_code, changed.json()["rule"], changed.json()["version"]) == (200, other, 2)
    assert product.patch(url, {"rule": None, "reason": "nobody"}).json()["rule"] is None
    assert [row["rule"] for row in product.get(SEGMENTS).json()["results"]] == [None]


def test_without_a_rule_there_is_none(shop: Project) -> None:
    assert as_role("Product").post(SEGMENTS, {"key": "a", "name": "A"}).json()["rule"] is None


def test_a_rule_asks_why_where_an_environment_is_protected_and_a_name_does_not(beta: Segment) -> None:
    product = as_role("Product")
    silent = product.patch(f"{SEGMENTS}beta/", {"rule": GERMANS})
    assert (silent.status_code, silent.json()["code"]) == (400, "reason_missing")
    assert product.patch(f"{SEGMENTS}beta/", {"name": "B"}).status_code == 200


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"all": [GERMANS, {"attr": ["x"], "op": "like", "value": "y"}]}, "rule.all[1].op"),
        ({"segment": ["gone"]}, "rule.segment[0]"),
        ({"segment": ["beta"]}, "rule"),
        ({}, "rule"),
        ("everyone", "rule"),
        ([GERMANS], "rule"),
    ],
)
def test_bad_rules_are_named(beta: Segment, rule: object, field: str) -> None:
    answer = as_role("Product").patch(f"{SEGMENTS}beta/", {"rule": rule, "reason": "x"})
    assert (answer.status_code, list(errors(answer))) == (400, [field])


@pytest.mark.parametrize("body", [5, True, [1], "rule"])
def test_a_change_that_is_no_object_is_refused(beta: Segment, body: object) -> None:
    assert as_role("Product").patch(f"{SEGMENTS}beta/", body, format="json").status_code == 400


def test_a_rule_needs_the_permission_of_protected_environments(shop: Project, beta: Segment) -> None:
    user = make_user(role="Viewer")
    user.user_permissions.add(Permission.objects.get(codename="change_segment"))
    client = APIClient()
    client.force_login(user, backend=BACKEND)
    assert client.patch(f"{SEGMENTS}beta/", {"name": "B"}).status_code == 200
    assert client.patch(f"{SEGMENTS}beta/", {"rule": GERMANS, "reason": "x"}).status_code == 403
    shop.environments.update(protected=False)
    assert client.patch(f"{SEGMENTS}beta/", {"rule": GERMANS, "reason": "x"}).status_code == 200


# Members as files


@pytest.mark.parametrize(
    ("mode", "left"), [("add", ["u-1", "u-2", "u-3"]), ("remove", ["u-1"]), ("replace", ["u-2", "u-3"])]
)
def test_a_file_changes_the_members(beta: Segment, mode: str, left: list[str]) -> None:
    product = as_role("Product")
    answer = send(product, "name;user_id\nAnn;u-2\nBob;u-3\n", f"mode={mode}&reason=list&expected_version=2")
    assert (answer.status_code, answer.json()) == (200, {"members": len(left), "version": 3})
    assert product.get(LIVE).json()["targeting_keys"] == left
    assert AuditEntry.objects.filter(kind="flags.members_changed").latest("id").reason == "list"


def test_a_bad_line_leaves_everything_as_it_is(beta: Segment) -> None:
    answer = send(as_role("Product"), "id,name\nu-3,Ann\nu-4\nu-5,Bob,x\n")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [one["message"] for one in answer.json()["errors"]] == [
        "line 3: has 1 columns, the first line has 2",
        "line 4: has 3 columns, the first line has 2",
    ]
    assert beta.members.count() == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [("reason=x", "mode"), ("mode=swap", "mode"), ("mode=add&modus=1", "modus"), ("mode=add", "reason")],
)
def test_what_the_query_has_to_say(beta: Segment, query: str, field: str) -> None:
    answer = send(as_role("Product"), "u-3", query)
    assert (answer.status_code, list(errors(answer))) == (400, [field])


def test_a_stale_version_imports_nothing(beta: Segment) -> None:
    answer = send(as_role("Product"), "u-3", "mode=add&reason=x&expected_version=1")
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")


def test_what_is_no_such_file_is_refused(beta: Segment) -> None:
    product = as_role("Product")
    assert send(product, "ä".encode("latin-1")).json()["code"] == "parse_error"
    assert send(product, "x" * 5_000_001).status_code == 413
    json = product.post(f"{LIVE}import/?mode=add&reason=x", {"targeting_keys": ["u-3"]})
    assert (json.status_code, json.json()["code"]) == (415, "unsupported_media_type")


def test_an_export_is_a_file_that_can_be_imported(beta: Segment) -> None:
    product = as_role("Product")
    send(product, "\ufefftargeting_key\r\n'=1+1\r\n")
    file = as_role("Viewer").get(f"{LIVE}export/")
    assert (file.status_code, file["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert file.content.decode() == '"targeting_key"\r\n"\'=1+1"\r\n"u-1"\r\n"u-2"\r\n'
    staging = f"{SEGMENTS}beta/members/staging/"
    assert send(product, file.content, "mode=replace", staging).json()["members"] == 3
    assert product.get(staging).json()["targeting_keys"] == ["=1+1", "u-1", "u-2"]


def test_who_may_not_import(shop: Project, beta: Segment) -> None:
    bound = as_key(make_key(environment=shop.environments.get(key="production"), writing=True))
    assert send(as_role("Viewer"), "u-3").status_code == 403
    assert send(bound, "u-3").status_code == 403
    assert bound.get(f"{LIVE}export/").status_code == 200
    assert bound.get(f"{SEGMENTS}beta/members/staging/export/").status_code == 403
