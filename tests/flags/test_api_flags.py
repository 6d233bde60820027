"""Flags and segments over REST."""

from typing import Any

import pytest

from apps.core import clock
from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.models import Flag
from tests.callers import as_key, as_role
from tests.factories import make_flag, make_key, make_project, make_segment, make_user

pytestmark = pytest.mark.django_db
FLAGS = "/api/v1/projects/shop/flags/"
SEGMENTS = "/api/v1/projects/shop/segments/"


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


def errors(answer: Any) -> dict[str, str]:
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def test_a_new_flag_is_off_everywhere(shop: Project) -> None:
    product = as_role("Product")
    made = product.post(FLAGS, {"key": "checkout", "name": "Checkout", "type": "boolean", "reason": "redesign"})
    assert made.status_code == 201
    flag = made.json()
    assert flag["variants"] == [{"key": "on", "value": True}, {"key": "off", "value": False}]
    assert [(state["environment"], state["status"], state["version"]) for state in flag["states"]] == [
        ("development", "OFF", 1),
        ("staging", "OFF", 1),
        ("production", "OFF", 1),
    ]
    assert flag == product.get(f"{FLAGS}checkout/").json()
    assert AuditEntry.objects.get(kind="flags.flag_created").reason == "redesign"


@pytest.mark.parametrize(
    ("type", "value"),
    [("boolean", True), ("string", "blue"), ("integer", 7), ("float", 0.5), ("object", {"a": [1, None]})],
)
def test_every_type_is_kept_as_given(shop: Project, type: str, value: object) -> None:
    body = {"key": "f", "name": "F", "type": type, "variants": [{"key": "v", "value": value}], "tags": ["web"]}
    made = as_role("Product").post(FLAGS, body).json()
    assert (made["type"], made["variants"], made["tags"]) == (type, [{"key": "v", "value": value}], ["web"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "number"}, "type"),
        ({"key": "1st"}, "key"),
        ({"type": "string"}, "variants"),
        ({"variants": [{"key": "on", "value": "yes"}]}, "variants[0].value"),
        ({"variants": [{"key": "on", "value": 1}, {"key": "off", "value": False}]}, "variants[0].value"),
        ({"type": "integer", "variants": [{"key": "a", "value": 1}, {"key": "b", "value": 1.5}]}, "variants[1].value"),
        ({"type": "object", "variants": [{"key": "a", "value": [1]}]}, "variants[0].value"),
        ({"type": "string", "variants": [{"key": "a", "value": "nul \0"}]}, "variants[0].value"),
        ({"type": "integer", "variants": [{"key": "a", "value": 10**30}]}, "variants[0].value"),
        ({"variants": [{"key": "on", "value": None}]}, "variants[0].value"),
        ({"variants": [{"key": "on"}]}, "variants[0].value"),
        ({"variants": [{"key": "on", "value": True, "weight": 5}]}, "variants[0].weight"),
        ({"variants": [{"key": "on", "value": True}, {"key": "on", "value": False}]}, "variants"),
        ({"variants": [{"key": "", "value": True}]}, "variants[0].key"),
        ({"variants": [7]}, "variants[0]"),
        ({"default_variant": "maybe"}, "default_variant"),
        ({"owner": "nobody"}, "owner"),
        ({"owner": "no\0body"}, "owner"),
        ({"owner": 7}, "owner"),
        ({"tags": "web"}, "tags"),
        ({"tags": ["web", 5]}, "tags[1]"),
        ({"client_exposed": "true"}, "client_exposed"),
        ({"salt": "x"}, "salt"),
        ({"expected_version": 1}, "expected_version"),
    ],
)
def test_bad_flags_name_the_field(shop: Project, body: dict[str, object], field: str) -> None:
    answer = as_role("Product").post(FLAGS, {"key": "f", "name": "F", "type": "boolean", **body})
    assert (answer.status_code, list(errors(answer))) == (400, [field])
    assert not Flag.objects.exists()


def test_a_second_identical_create_is_a_conflict(shop: Project) -> None:
    body = {"key": "f", "name": "F", "type": "boolean"}
    first, second = (as_role("Product").post(FLAGS, body) for _ in range(2))
    assert [first.status_code, second.status_code] == [201, 409]
    assert errors(second) == {"key": "is taken"}


def test_the_same_key_may_be_used_in_another_project(shop: Project) -> None:
    make_flag(project=make_project(), key="f")
    assert as_role("Product").post(FLAGS, {"key": "f", "name": "F", "type": "boolean"}).status_code == 201


@pytest.mark.parametrize("role", [None, "Viewer"])
def test_viewers_change_nothing(shop: Project, role: str | None) -> None:
    make_flag(project=shop, key="f")
    client = as_role(role)
    assert client.post(FLAGS, {"key": "g", "name": "G", "type": "boolean"}).status_code == 403
    assert client.patch(f"{FLAGS}f/", {"name": "G"}).status_code == 403


def test_an_edited_flag_has_a_new_version(shop: Project) -> None:
    make_flag(project=shop, key="f")
    make_user(username="ada")
    product = as_role("Product")
    body = {"name": "New", "tags": ["web"], "owner": "ada", "client_exposed": True, "expected_version": 1}
    unexplained = product.patch(f"{FLAGS}f/", body)
    assert (unexplained.status_code, set(errors(unexplained))) == (400, {"reason"})
    changed = product.patch(f"{FLAGS}f/", body | {"reason": "launch"})
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["owner"], changed.json()["version"]) == ("New", "ada", 2)
    stale = product.patch(f"{FLAGS}f/", {"name": "Newer", "expected_version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert product.patch(f"{FLAGS}f/", {"owner": None}).json()["owner"] is None


def test_a_variant_that_is_served_cannot_be_taken_away(shop: Project) -> None:
    make_flag(project=shop, key="f")
    answer = as_role("Product").patch(f"{FLAGS}f/", {"variants": [{"key": "on", "value": True}], "reason": "tidy"})
    assert (answer.status_code, errors(answer)) == (400, {"off_variant": "there is no variant 'off'"})
    assert Flag.objects.get(key="f").variants.count() == 2


@pytest.mark.parametrize("path", ["nowhere/", "nowhere/states/", "nowhere/states/production/", "%00/", "-/"])
def test_unknown_flags_are_not_found(shop: Project, path: str) -> None:
    answer = as_role("Viewer").get(f"{FLAGS}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_list_narrows(shop: Project) -> None:
    make_flag(project=shop, key="alpha", tags=["web"], on=True)
    make_flag(project=shop, key="beta", name="The ALPHA of betas", killed=True)
    make_flag(project=shop, key="gamma", tags=["web", "app"])
    make_flag(key="elsewhere")
    client = as_role("Viewer")

    def keys(query: str) -> list[str]:
        return [flag["key"] for flag in client.get(f"{FLAGS}?{query}").json()["results"]]

    assert keys("") == ["alpha", "beta", "gamma"]
    assert keys("search=alpha") == ["alpha", "beta"]
    assert keys("tag=web") == ["alpha", "gamma"]
    assert keys("tag=web&search=gam") == ["gamma"]
    assert keys("status=ON&environment=production") == ["alpha"]
    assert keys("status=KILLED&environment=production") == ["beta"]
    assert keys("status=KILLED&environment=staging") == []
    one = client.get(f"{FLAGS}?environment=production").json()["results"][0]
    assert [state["environment"] for state in one["states"]] == ["production"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=ON", "environment"), ("environment=prod", "environment"), ("status=on&environment=staging", "status")],
)
def test_a_bad_filter_is_named(shop: Project, query: str, field: str) -> None:
    answer = as_role("Viewer").get(f"{FLAGS}?{query}")
    assert (answer.status_code, list(errors(answer))) == (400, [field])


def test_flags_come_once_each_in_order(shop: Project) -> None:
    made = sorted(make_flag(project=shop, key=f"flag-{number:03}").key for number in range(25))
    client, url, keys = as_role("Viewer"), f"{FLAGS}?limit=10", []
    while url:
        page = client.get(url).json()
        keys += [flag["key"] for flag in page["results"]]
        url = page["next"]
    assert keys == made


def test_a_bound_key_sees_its_own_environment_in_flags(shop: Project) -> None:
    make_flag(project=shop, key="f")
    client = as_key(make_key(environment=shop.environments.get(key="staging"), writing=True))
    for flag in (client.get(FLAGS).json()["results"][0], client.get(f"{FLAGS}f/").json()):
        assert [state["environment"] for state in flag["states"]] == ["staging"]
    assert client.get(f"{FLAGS}?environment=production").status_code == 403
    assert client.get(f"{FLAGS}f/usage/?environment=production").status_code == 403
    assert client.get(f"{FLAGS}f/usage/?environment=staging").status_code == 200
    assert client.patch(f"{FLAGS}f/", {"name": "Mine"}).status_code == 403


def test_usage_is_counted_by_variant(shop: Project) -> None:
    make_flag(project=shop, key="f")
    production = shop.environments.get(key="production").pk
    services.add_usage(counts={(production, "f", "on"): 3, (production, "f", "off"): 9}, at=clock.now())
    usage = as_role("Viewer").get(f"{FLAGS}f/usage/?environment=production&hours=2").json()
    assert usage["total"] == 12
    assert usage["variants"] == [{"variant": "off", "count": 9}, {"variant": "on", "count": 3}]
    assert as_role("Viewer").get(f"{FLAGS}f/usage/?environment=staging").json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [("environment=prod", "environment"), ("hours=0", "hours"), ("interval=week", "interval"), ("since=1", "since")],
)
def test_usage_names_what_is_wrong_with_the_query(shop: Project, query: str, field: str) -> None:
    make_flag(project=shop, key="f", type=FlagType.STRING)
    answer = as_role("Viewer").get(f"{FLAGS}f/usage/?{query}")
    assert (answer.status_code, list(errors(answer))) == (400, [field])


def test_a_segment_is_created_changed_and_listed(shop: Project) -> None:
    product = as_role("Product")
    made = product.post(SEGMENTS, {"key": "beta-testers", "name": "Beta testers"})
    assert (made.status_code, made.json()["version"]) == (201, 1)
    again = product.post(SEGMENTS, {"key": "beta-testers", "name": "Beta testers"})
    assert (again.status_code, errors(again)) == (409, {"key": "is taken"})
    changed = product.patch(f"{SEGMENTS}beta-testers/", {"name": "Beta", "expected_version": 1})
    assert (changed.status_code, changed.json()["name"], changed.json()["version"]) == (200, "Beta", 2)
    assert product.patch(f"{SEGMENTS}beta-testers/", {"name": "B", "expected_version": 1}).status_code == 409
    assert product.get(f"{SEGMENTS}beta-testers/").json() == changed.json()
    assert [one["key"] for one in product.get(SEGMENTS).json()["results"]] == ["beta-testers"]


@pytest.mark.parametrize("key", ["all", "Beta", "beta testers", ""])
def test_bad_segment_keys_are_named(shop: Project, key: str) -> None:
    answer = as_role("Product").post(SEGMENTS, {"key": key, "name": "X"})
    assert (answer.status_code, list(errors(answer))) == (400, ["key"])


def test_members_are_replaced_in_one_environment(shop: Project) -> None:
    make_segment(project=shop, key="beta", members=["u-1", "u-2"])
    product, members = as_role("Product"), f"{SEGMENTS}beta/members/production/"
    before = product.get(members).json()
    assert before == {"targeting_keys": ["u-1", "u-2"], "version": 2}
    body = {"targeting_keys": ["u-3", "u-1", "u-3"], "expected_version": 2, "reason": "asked to join"}
    assert product.put(members, body).json() == {"targeting_keys": ["u-1", "u-3"], "version": 3}
    stale = product.put(members, {"targeting_keys": [], "expected_version": 2})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert product.get(f"{SEGMENTS}beta/members/staging/").json()["targeting_keys"] == []
    assert AuditEntry.objects.filter(kind="flags.members_changed").latest("id").reason == "asked to join"


@pytest.mark.parametrize(
    ("keys", "field"), [(["x" * 201], "targeting_keys"), ("u-1", "targeting_keys"), (["u-1", 5], "targeting_keys[1]")]
)
def test_bad_members_are_named(shop: Project, keys: object, field: str) -> None:
    make_segment(project=shop, key="beta")
    answer = as_role("Product").put(f"{SEGMENTS}beta/members/production/", {"targeting_keys": keys})
    assert (answer.status_code, list(errors(answer))) == (400, [field])


@pytest.mark.parametrize("path", ["nobody/", "nobody/members/production/", "beta/members/prod/"])
def test_unknown_segments_are_not_found(shop: Project, path: str) -> None:
    make_segment(project=shop, key="beta")
    assert as_role("Viewer").get(f"{SEGMENTS}{path}").status_code == 404


def test_segments_are_project_wide_so_bound_keys_only_read_them(shop: Project) -> None:
    make_segment(project=shop, key="beta", members=["u-1"])
    client = as_key(make_key(environment=shop.environments.get(key="production"), writing=True))
    members = f"{SEGMENTS}beta/members/production/"
    assert client.get(members).status_code == 200
    assert client.get(f"{SEGMENTS}beta/members/staging/").status_code == 403
    assert client.put(members, {"targeting_keys": []}).status_code == 403
    assert as_role("Viewer").put(members, {"targeting_keys": []}).status_code == 403
