"""What a flag serves in one environment, over REST."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core.models import AuditEntry, Project
from tests.callers import as_key, as_role
from tests.factories import make_flag, make_key, make_project, make_segment, state_in

pytestmark = pytest.mark.django_db
STATES = "/api/v1/projects/shop/flags/checkout/states/"
LIVE = f"{STATES}production/"


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


@pytest.fixture
def product(shop: Project) -> APIClient:
    make_flag(project=shop, key="checkout")
    return as_role("Product")


def errors(answer: Any) -> dict[str, str]:
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def split(**weights: int) -> list[dict[str, Any]]:
    return [{"id": "rollout", "when": None, "serve": {"split": [list(pair) for pair in weights.items()]}}]


def test_turning_a_flag_on_is_recorded_with_its_reason(product: APIClient) -> None:
    answer = product.patch(LIVE, {"status": "ON", "reason": "launch", "expected_version": 1})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["version"]) == ("ON", 2)
    assert product.get(LIVE).json() == answer.json()
    entry = AuditEntry.objects.get(kind="flags.state_changed")
    assert (entry.reason, entry.changes) == ("launch", {"status": ["off", "on"]})


def test_a_state_says_all_it_serves(product: APIClient) -> None:
    state = product.get(LIVE).json()
    assert state | {"changed_at": ""} == {
        "flag": "checkout",
        "environment": "production",
        "protected": True,
        "status": "OFF",
        "rules": [],
        "default_variant": "on",
        "off_variant": "off",
        "prerequisites": [],
        "overrides": [],
        "locked": None,
        "changed_at": "",
        "version": 1,
    }


def test_a_flag_locked_by_the_process_environment_says_so(product: APIClient, settings: Any) -> None:
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_CHECKOUT": "true"}
    locked = product.get(LIVE).json()["locked"]
    assert locked == {"source": "PULSEOPS_FEATURE_CHECKOUT", "variant": "on", "value": True}


def test_states_are_listed_in_the_order_of_the_environments(product: APIClient) -> None:
    rows = product.get(STATES).json()["results"]
    assert [row["environment"] for row in rows] == ["development", "staging", "production"]


def test_states_come_page_by_page(product: APIClient) -> None:
    url, found = f"{STATES}?limit=1", list[str]()
    while url:
        page = product.get(url).json()
        found, url = [*found, *(row["environment"] for row in page["results"])], page["next"]
    assert found == ["development", "staging", "production"]


def test_a_protected_environment_insists_on_a_reason(product: APIClient) -> None:
    for body in ({"status": "ON"}, {"status": "ON", "reason": "  "}):
        answer = product.patch(LIVE, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "reason_missing")
        assert list(errors(answer)) == ["reason"]
    assert product.patch(f"{STATES}staging/", {"status": "ON"}).status_code == 200


def test_toggling_twice_is_a_conflict(product: APIClient) -> None:
    body = {"status": "ON", "reason": "launch"}
    first, second = product.patch(LIVE, body), product.patch(LIVE, body)
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["code"] == "nothing_to_change"


def test_a_stale_version_changes_nothing(product: APIClient) -> None:
    product.patch(LIVE, {"status": "ON", "reason": "launch", "expected_version": 1})
    answer = product.patch(LIVE, {"status": "OFF", "reason": "oops", "expected_version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert "you read version 1, it is 2 by now" in answer.json()["detail"]
    assert product.get(LIVE).json()["status"] == "ON"


def test_a_percentage_is_a_split(product: APIClient) -> None:
    rules = split(on=25_000, off=75_000)
    answer = product.patch(LIVE, {"status": "ON", "rules": rules, "reason": "first quarter"})
    assert (answer.status_code, answer.json()["rules"]) == (200, rules)


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"rules": split(on=25_000, off=70_000)}, "rules[0].serve.split", "add up to 95 %, 5 % is missing"),
        ({"rules": split(on=99_999, off=2)}, "rules[0].serve.split", "too much"),
        ({"rules": split(on=-1, off=100_001)}, "rules[0].serve.split[0].weight", "whole number"),
        ({"rules": split(maybe=100_000)}, "rules[0].serve.split[0].variant", "no variant 'maybe'"),
        ({"rules": [{"id": "a", "serve": {"variant": "on"}}]}, "rules[0].when", "is missing"),
        ({"rules": [{"id": "a", "when": {"attr": ["x"], "op": "like", "value": []}, "serve": {}}]}, "rules[0]", "op"),
        ({"rules": "everyone"}, "rules", "list"),
        ({"rules": ["everyone"]}, "rules[0]", "dictionary"),
        ({"default_variant": "maybe"}, "default_variant", "no variant 'maybe'"),
        ({"off_variant": 7}, "off_variant", "string"),
        ({"status": "on"}, "status", "not a valid choice"),
        ({"status": "KILLED"}, "status", "not a valid choice"),
        ({"status": True}, "status", "not a valid choice"),
        ({"staus": "ON"}, "staus", "no such field"),
    ],
)
def test_bad_changes_name_the_place(product: APIClient, body: dict[str, Any], field: str, says: str) -> None:
    answer = product.patch(LIVE, {"reason": "test", **body})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    place, message = next(iter(errors(answer).items()))
    assert place.startswith(field)
    assert says in f"{place}: {message}"
    assert product.get(LIVE).json()["version"] == 1


def test_killing_needs_no_reason_and_no_version_and_keeps_the_rules(shop: Project) -> None:
    make_flag(project=shop, key="checkout", rolling_out=True)
    product = as_role("Product")
    killed = product.post(f"{LIVE}kill/")
    assert (killed.status_code, killed.json()["status"], len(killed.json()["rules"])) == (200, "KILLED", 1)
    again = product.post(f"{LIVE}kill/")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_change")
    change = product.patch(LIVE, {"status": "ON", "reason": "hope"})
    assert (change.status_code, change.json()["code"]) == (409, "flag_is_killed")


def test_lifting_a_kill_asks_why(shop: Project) -> None:
    make_flag(project=shop, key="checkout", killed=True)
    product = as_role("Product")
    silent = product.post(f"{LIVE}lift-kill/", {"status": "OFF"})
    assert (silent.status_code, list(errors(silent))) == (400, ["reason"])
    vague = product.post(f"{LIVE}lift-kill/", {"reason": "fixed"})
    assert (vague.status_code, list(errors(vague))) == (400, ["status"])
    lifted = product.post(f"{LIVE}lift-kill/", {"status": "OFF", "reason": "fixed", "expected_version": 3})
    assert (lifted.status_code, lifted.json()["status"]) == (200, "OFF")
    again = product.post(f"{LIVE}lift-kill/", {"status": "ON", "reason": "fixed"})
    assert (again.status_code, again.json()["code"]) == (409, "flag_is_not_killed")


def test_reverting_goes_back_to_what_a_version_served(product: APIClient) -> None:
    product.patch(LIVE, {"status": "ON", "rules": split(on=25_000, off=75_000), "reason": "quarter"})
    product.patch(LIVE, {"rules": split(on=50_000, off=50_000), "reason": "half"})
    reverted = product.post(f"{LIVE}revert/", {"to_version": 2, "reason": "too much", "expected_version": 3})
    assert (reverted.status_code, reverted.json()["version"]) == (200, 4)
    assert reverted.json()["rules"] == split(on=25_000, off=75_000)
    for number in (99, 2_147_483_647):
        assert product.post(f"{LIVE}revert/", {"to_version": number, "reason": "x"}).status_code == 404
    for wrong in (0, 10**12, "1"):
        assert list(errors(product.post(f"{LIVE}revert/", {"to_version": wrong, "reason": "x"}))) == ["to_version"]


def test_history_shows_who_changed_what_and_why(product: APIClient) -> None:
    product.patch(LIVE, {"status": "ON", "reason": "launch"})
    product.post(f"{LIVE}kill/", {"reason": "errors"})
    rows = product.get(f"{LIVE}history/").json()["results"]
    assert [(row["number"], row["kind"], row["reason"]) for row in rows] == [
        (3, "flags.killed", "errors"),
        (2, "flags.state_changed", "launch"),
        (1, "flags.flag_created", ""),
    ]
    assert [row["changes"] for row in rows] == [{"status": ["on", "killed"]}, {"status": ["off", "on"]}, {}]
    assert rows[0]["until"] is None
    assert rows[1]["until"] == rows[0]["at"]


def test_history_pages_know_the_version_before_the_page(product: APIClient) -> None:
    for status in ("ON", "OFF", "ON"):
        product.patch(LIVE, {"status": status, "reason": "again"})
    first = product.get(f"{LIVE}history/?limit=2").json()
    second = product.get(first["next"]).json()
    assert [row["number"] for row in first["results"] + second["results"]] == [4, 3, 2, 1]
    assert first["results"][1]["changes"] == {"status": ["on", "off"]}
    assert second["next"] is None


@pytest.mark.parametrize("environment", ["prod", "%00"])
def test_unknown_environments_are_not_found(product: APIClient, environment: str) -> None:
    for path in ("", "history/"):
        assert product.get(f"{STATES}{environment}/{path}").status_code == 404
    assert product.post(f"{STATES}{environment}/kill/").status_code == 404


def test_an_explanation_names_bucket_and_threshold(shop: Project) -> None:
    flag = make_flag(project=shop, key="checkout", rolling_out=True, salt="s")
    answer = as_role("Viewer").post(f"{LIVE}explain/", {"context": {"targetingKey": "u-42"}})
    told = answer.json()
    placement = told["rules"][0]["placement"]
    assert (answer.status_code, told["cause"], told["reason"]) == (200, "rule", "SPLIT")
    assert placement["shares"] == [
        {"variant": "on", "first": 0, "end": 25_000},
        {"variant": "off", "first": 25_000, "end": 100_000},
    ]
    assert told["variant"] == ("on" if placement["bucket"] < 25_000 else "off")
    assert told["sentence"].startswith(f"{told['variant']}, because bucket")
    assert state_in(flag).version == 2


def test_an_explanation_shows_every_condition_with_the_value_it_met(shop: Project) -> None:
    make_segment(project=shop, key="beta", members=["u-42"])
    make_segment(project=shop, key="internal")
    make_flag(project=shop, key="checkout")
    condition = {
        "all": [
            {"attr": ["country"], "op": "in", "value": ["DE", "AT"]},
            {"any": [{"segment": ["beta", "internal"]}, {"not": {"attr": ["plan"], "op": "in", "value": ["free"]}}]},
        ]
    }
    rules = [{"id": "german", "when": condition, "serve": {"variant": "on"}}]
    as_role("Product").patch(LIVE, {"status": "ON", "rules": rules, "reason": "test"})
    context = {"targetingKey": "u-42", "country": "DE", "plan": "free"}
    told = as_role("Viewer").post(f"{LIVE}explain/", {"context": context}).json()
    assert told["rules"][0]["check"] == {
        "all": [
            {"attr": ["country"], "op": "in", "value": ["DE", "AT"], "actual": "DE", "matched": True},
            {
                "any": [
                    {"segment": ["beta", "internal"], "actual": ["beta"], "matched": True},
                    {
                        "not": [{"attr": ["plan"], "op": "in", "value": ["free"], "actual": "free", "matched": True}],
                        "matched": False,
                    },
                ],
                "matched": True,
            },
        ],
        "matched": True,
    }
    assert told["variant"] == "on"


def test_an_explanation_without_a_user_tells_the_error(shop: Project) -> None:
    make_flag(project=shop, key="checkout", rolling_out=True)
    told = as_role("Viewer").post(f"{LIVE}explain/", {"context": {}}).json()
    assert (told["variant"], told["error_code"]) == (None, "TARGETING_KEY_MISSING")


@pytest.mark.parametrize("context", [None, 5, [], "u-42"])
def test_a_context_is_an_object(product: APIClient, context: object) -> None:
    answer = product.post(f"{LIVE}explain/", {"context": context})
    assert (answer.status_code, list(errors(answer))) == (400, ["context"])


def test_a_context_within_the_limits(product: APIClient) -> None:
    for context in ({"targetingKey": ["u"]}, {"a": "x" * 70_000}):
        answer = product.post(f"{LIVE}explain/", {"context": context})
        assert (answer.status_code, list(errors(answer))) == (400, ["context"])


WRITES = [
    ("patch", LIVE, {"status": "ON", "reason": "x"}),
    ("post", f"{LIVE}kill/", {"reason": "x"}),
    ("post", f"{LIVE}lift-kill/", {"status": "ON", "reason": "x"}),
    ("post", f"{LIVE}revert/", {"to_version": 1, "reason": "x"}),
]


@pytest.mark.parametrize(("method", "url", "body"), WRITES)
@pytest.mark.parametrize("role", [None, "Viewer"])
def test_viewers_change_nothing(shop: Project, role: str | None, method: str, url: str, body: object) -> None:
    make_flag(project=shop, key="checkout")
    assert getattr(as_role(role), method)(url, body).status_code == 403


@pytest.mark.parametrize(("method", "url", "body"), WRITES)
def test_keys_that_may_not_write_here(shop: Project, method: str, url: str, body: object) -> None:
    make_flag(project=shop, key="checkout")
    keys = [
        make_key(project=shop, management=True),
        make_key(project=make_project(), writing=True),
        make_key(environment=shop.environments.get(key="staging"), writing=True),
        make_key(environment=shop.environments.get(key="production")),
        make_key(environment=shop.environments.get(key="production"), server=True),
    ]
    for key in keys:
        assert getattr(as_key(key), method)(url, body).status_code == 403


def test_a_bound_key_changes_its_environment(shop: Project) -> None:
    make_flag(project=shop, key="checkout")
    client = as_key(make_key(environment=shop.environments.get(key="production"), writing=True, name="CD"))
    assert client.patch(LIVE, {"status": "ON", "reason": "deploy 17"}).status_code == 200
    assert client.post(f"{LIVE}kill/").status_code == 200
    assert client.post(f"{LIVE}explain/", {"context": {}}).status_code == 200
    assert client.get(f"{STATES}staging/").status_code == 403
    assert client.post(f"{STATES}staging/explain/", {"context": {}}).status_code == 403
    assert [row["environment"] for row in client.get(STATES).json()["results"]] == ["production"]
    assert AuditEntry.objects.get(kind="flags.killed").actor_label == "CD"


def test_a_protected_environment_needs_its_own_permission_but_a_kill_does_not(shop: Project) -> None:
    from django.contrib.auth.models import Permission

    from tests.factories import make_user

    make_flag(project=shop, key="checkout", on=True)
    user = make_user(role="Viewer")
    names = ("change_flagstate", "kill_flag")
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = APIClient()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.patch(f"{STATES}staging/", {"status": "ON"}).status_code == 200
    assert client.patch(LIVE, {"status": "OFF", "reason": "x"}).status_code == 403
    assert client.post(f"{LIVE}kill/").status_code == 200
