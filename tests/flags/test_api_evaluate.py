"""Evaluating over REST: the same answers as OFREP and the engine."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.models import Project
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.live.rulesets import rulesets
from apps.flags.live.usage import usage
from tests.callers import as_key, as_role
from tests.factories import AT, make_flag, make_key, make_project, make_segment
from tests.flags.ofrep import Asker, serve

pytestmark = pytest.mark.django_db
EVALUATE = "/api/v1/evaluate/"


@pytest.fixture
def shop() -> Project:
    """One flag of each type that draws, one that targets, one that is off; two are for clients to see."""
    shop = make_project(key="shop")
    make_segment(project=shop, key="beta", members=["u-1", "u-2"])
    make_flag(project=shop, key="checkout", rolling_out=True, client_exposed=True)
    make_flag(project=shop, key="price", type=FlagType.FLOAT, on=True, client_exposed=True)
    make_flag(project=shop, key="layout", type=FlagType.OBJECT)
    german = {"attr": ["country"], "op": "in", "value": ["DE"]}
    targeted = make_flag(project=shop, key="banner", type=FlagType.STRING)
    serve(
        targeted,
        {"id": "members", "when": {"segment": ["beta"]}, "serve": {"variant": "blue"}},
        {"id": "german", "when": german, "serve": {"split": [["blue", 50_000], ["red", 50_000]]}},
    )
    return shop


def asking(project: Project, kind: str = "SERVER") -> Any:
    rulesets.refresh({})
    return as_key(make_key(environment=project.environments.get(key="production"), kind=kind))


def test_one_flag(shop: Project) -> None:
    answer = asking(shop).post(EVALUATE, {"flag": "banner", "context": {"targetingKey": "u-1"}})
    assert answer.status_code == 200
    assert answer.json() == {
        "key": "banner",
        "value": "blue",
        "variant": "blue",
        "reason": "TARGETING_MATCH",
        "metadata": {"flagVersion": 2, "ruleId": "members"},
    }


def test_a_whole_float_travels_with_its_point(shop: Project) -> None:
    answer = asking(shop).post(EVALUATE, {"flag": "price"})
    assert b'"value":1.0' in answer.content


def test_all_flags_that_the_key_may_see(shop: Project) -> None:
    body = {"context": {"targetingKey": "u-1"}}
    for kind, keys in (("SERVER", ["banner", "checkout", "layout", "price"]), ("CLIENT", ["checkout", "price"])):
        answer = asking(shop, kind).post(EVALUATE, body)
        assert [flag["key"] for flag in answer.json()["flags"]] == keys


def test_a_missing_user_is_an_answer_for_that_flag_alone(shop: Project) -> None:
    flags = {flag["key"]: flag for flag in asking(shop).post(EVALUATE, {}).json()["flags"]}
    assert flags["checkout"].keys() == {"key", "errorCode", "errorDetails"}
    assert flags["checkout"]["errorCode"] == "TARGETING_KEY_MISSING"
    assert flags["price"]["value"] == 1.0
    assert asking(shop).post(EVALUATE, {"context": None}).json()["flags"] == list(flags.values())


@pytest.mark.parametrize(("kind", "key"), [("SERVER", "nowhere"), ("CLIENT", "nowhere"), ("CLIENT", "banner")])
def test_what_the_key_does_not_see_is_not_found(shop: Project, kind: str, key: str) -> None:
    answer = asking(shop, kind).post(EVALUATE, {"flag": key, "context": {}})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert key in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"context": {"targetingKey": ["u"]}}, "context"),
        ({"context": {"a": "x" * 70_000}}, "context"),
        ({"context": "u-1"}, "context"),
        ({"flag": 5}, "flag"),
        ({"flags": ["banner"]}, "flags"),
    ],
)
def test_bad_requests_name_the_field(shop: Project, body: object, field: str) -> None:
    answer = asking(shop).post(EVALUATE, body)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])


def test_only_client_and_server_keys_evaluate(shop: Project, client: Any) -> None:
    assert client.post(EVALUATE, {}).status_code == 401
    assert as_role("Administrator").post(EVALUATE, {}).status_code == 401  # a person has no environment
    assert as_key(make_key(project=shop, writing=True)).post(EVALUATE, {}).status_code == 403
    assert asking(shop, "INGEST").post(EVALUATE, {}).status_code == 403


def test_an_evaluation_is_counted_and_asks_the_database_nothing(shop: Project, django_assert_num_queries: Any) -> None:
    client = asking(shop)
    usage.waiting(at=AT)
    environment = shop.environments.get(key="production").pk
    before = usage.total
    with django_assert_num_queries(0):
        client.post(EVALUATE, {"flag": "price"})
    counts = usage.waiting(at=AT)[AT]
    assert usage.total == before + 1
    assert counts[environment, "price", "high"] == 1


def test_a_process_without_a_follower_loads_the_flags_when_first_asked(shop: Project) -> None:
    client = as_key(make_key(environment=shop.environments.get(key="staging"), server=True))
    assert len(client.post(EVALUATE, {}).json()["flags"]) == 4


contexts = st.fixed_dictionaries(
    {},
    optional={
        "targetingKey": st.sampled_from(["u-1", "u-9", "", 1]) | st.text(max_size=5) | st.integers(-99, 10**9),
        "country": st.sampled_from(["DE", "AT", 1, None, ["DE", "x"], {"a": 1}, True]),
        "groups": st.lists(st.sampled_from(["beta", "all", "x"]), max_size=2) | st.just("beta"),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(context=contexts)
def test_rest_ofrep_and_the_engine_agree(shop: Project, context: dict[str, Any]) -> None:
    ofrep, client = asker_of(shop)
    answer = client.post(EVALUATE, {"context": context}).json()["flags"]
    assert answer == ofrep.bulk(context).json()["flags"]
    for flag in answer:
        one = client.post(EVALUATE, {"flag": flag["key"], "context": context}).json()
        assert one == flag == ofrep.single(flag["key"], context).json()
    compiled = rulesets.get(ofrep.environment.pk)
    assert compiled is not None
    assert [one.variant for one in compiled.evaluate_all(context, AT.timestamp())] == [
        flag.get("variant") for flag in answer
    ]


_askers: dict[int, Any] = {}


def asker_of(project: Project) -> Any:
    """Made once for all examples of one test."""
    if project.pk not in _askers:
        _askers[project.pk] = Asker(project=project), asking(project)
    return _askers[project.pk]
