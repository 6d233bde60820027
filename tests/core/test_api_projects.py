"""Projects and environments over REST."""

import pytest

from apps.core.models import AuditEntry, Environment, Project
from tests.callers import as_key, as_role
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db
PROJECTS = "/api/v1/projects/"
SHOP = f"{PROJECTS}shop/"


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop", name="Shop")


def test_a_created_project_has_its_environments_and_an_audit_entry() -> None:
    admin = as_role("Administrator")
    made = admin.post(PROJECTS, {"key": "shop", "name": "Shop", "reason": "new product"})
    assert made.status_code == 201
    assert made.json() | {"created_at": ""} == {
        "key": "shop",
        "name": "Shop",
        "description": "",
        "created_at": "",
        "version": 1,
    }
    environments = admin.get(f"{SHOP}environments/").json()["results"]
    assert [(one["key"], one["kind"], one["protected"]) for one in environments] == [
        ("development", "DEVELOPMENT", False),
        ("staging", "STAGING", False),
        ("production", "PRODUCTION", True),
    ]
    entry = AuditEntry.objects.get(kind="core.project_created")
    assert (entry.reason, entry.actor_kind, entry.request_id) == ("new product", "USER", made["X-Request-Id"])


@pytest.mark.parametrize("role", ["Viewer", "Product", "Operator"])
def test_only_administrators_create_projects(role: str) -> None:
    assert as_role(role).post(PROJECTS, {"key": "shop", "name": "Shop"}).status_code == 403


def test_a_taken_key_is_a_conflict(shop: Project) -> None:
    answer = as_role("Administrator").post(PROJECTS, {"key": "shop", "name": "Again"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert answer.json()["errors"] == [{"field": "key", "message": "is taken"}]


def test_a_taken_environment_key_is_a_conflict(shop: Project) -> None:
    again = {"key": "staging", "name": "Again", "kind": "STAGING"}
    answer = as_role("Operator").post(f"{SHOP}environments/", again)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "key")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"key", "name"}),
        ({"key": "Not A Slug", "name": "Shop"}, {"key"}),
        ({"key": "shop", "name": ""}, {"name"}),
        ({"key": "shop", "name": 5}, {"name"}),
        ({"key": "shop", "name": "x" * 101}, {"name"}),
        ({"key": "shop", "name": "Shop", "colour": "red", "size": 1}, {"colour", "size"}),
        ({"name": "Shop", "colour": "red"}, {"key", "colour"}),
        ({"key": "shop", "name": "S\0p"}, {"name"}),
        ([], {""}),
        ("shop", {""}),
        (None, {"key", "name"}),
    ],
)
def test_bad_bodies_name_every_field(body: object, fields: set[str]) -> None:
    answer = as_role("Administrator").post(PROJECTS, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert {error["field"] for error in answer.json()["errors"]} == fields


def test_a_change_asks_for_the_version_that_was_read(shop: Project) -> None:
    admin = as_role("Administrator")
    first = admin.patch(SHOP, {"name": "One", "expected_version": 1})
    assert (first.status_code, first.json()["name"], first.json()["version"]) == (200, "One", 2)
    second = admin.patch(SHOP, {"name": "Two", "expected_version": 1})
    assert (second.status_code, second.json()["code"]) == (409, "stale_version")
    assert second.json()["errors"][0]["field"] == "expected_version"
    assert admin.get(SHOP).json()["name"] == "One"
    assert admin.patch(SHOP, {"name": "Three"}).json()["version"] == 3


@pytest.mark.parametrize("version", ["1", True, 0, 1.0])
def test_a_version_is_a_whole_number(shop: Project, version: object) -> None:
    answer = as_role("Administrator").patch(SHOP, {"name": "One", "expected_version": version})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "expected_version")


def test_the_key_of_a_project_stays(shop: Project) -> None:
    answer = as_role("Administrator").patch(SHOP, {"key": "other"})
    assert answer.json()["errors"] == [{"field": "key", "message": "There is no such field here."}]


def test_operators_manage_environments(shop: Project) -> None:
    operator = as_role("Operator")
    body = {"key": "qa", "name": "QA", "kind": "STAGING", "position": 1, "reason": "release tests"}
    made = operator.post(f"{SHOP}environments/", body)
    assert (made.status_code, made.json()["protected"]) == (201, False)
    changed = operator.patch(f"{SHOP}environments/qa/", {"protected": True, "expected_version": 1})
    assert (changed.status_code, changed.json()["protected"], changed.json()["version"]) == (200, True, 2)
    assert operator.get(f"{SHOP}environments/qa/").json()["name"] == "QA"
    assert operator.patch(f"{SHOP}environments/qa/", {"name": "Q", "expected_version": 1}).status_code == 409
    assert AuditEntry.objects.get(kind="core.environment_changed").changes == {"protected": [False, True]}


@pytest.mark.parametrize(("field", "value"), [("protected", "yes"), ("kind", "MOON"), ("position", -1), ("name", "")])
def test_environment_fields_are_checked(shop: Project, field: str, value: object) -> None:
    answer = as_role("Operator").patch(f"{SHOP}environments/staging/", {field: value})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("role", [None, "Viewer", "Product"])
def test_others_do_not_change_environments(shop: Project, role: str | None) -> None:
    assert as_role(role).patch(f"{SHOP}environments/staging/", {"name": "Mine"}).status_code == 403


def test_a_writing_key_is_named_in_the_trail(shop: Project) -> None:
    issued = make_key(project=shop, writing=True, name="CI")
    assert as_key(issued).patch(SHOP, {"name": "New"}).status_code == 200
    entry = AuditEntry.objects.get(kind="core.project_changed")
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("KEY", issued.key.pk, "CI")


def test_environments_of_another_project_are_not_found(shop: Project) -> None:
    blog = make_project(key="blog")
    Environment.objects.filter(project=blog, key="staging").update(key="elsewhere")
    assert as_role("Viewer").get(f"{SHOP}environments/elsewhere/").status_code == 404


def test_environments_come_page_by_page_also_when_positions_are_alike(shop: Project) -> None:
    Environment.objects.filter(project=shop).update(position=0)
    client, url, found = as_role("Viewer"), f"{SHOP}environments/?limit=1", list[str]()
    while url:
        page = client.get(url).json()
        found, url = [*found, *(row["key"] for row in page["results"])], page["next"]
    assert found == ["development", "staging", "production"]
