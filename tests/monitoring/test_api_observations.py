"""Reading metrics and events over REST: names, series, points, pages of events and the feed."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core.models import Environment, Project
from apps.monitoring import services
from apps.monitoring.domain.events import read_event
from apps.monitoring.domain.samples import MetricKind, Sample
from apps.monitoring.domain.series import read_series
from apps.monitoring.domain.values import Window
from apps.monitoring.services.events import Received, Turned
from tests.callers import as_key, as_role
from tests.conftest import OTHERS_SECONDS
from tests.factories import AT, make_key, make_project

pytestmark = pytest.mark.django_db
PLACE = "/api/v1/projects/shop/environments/production/"
METRICS, EVENTS = f"{PLACE}metrics/", f"{PLACE}events/"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop() -> Project:
    services.make_partitions(at=AT)
    return make_project(key="shop")


@pytest.fixture
def production(shop: Project) -> Environment:
    return shop.environments.get(key="production")


@pytest.fixture
def reader(shop: Project) -> APIClient:
    return as_key(make_key(project=shop, management=True))


def observe(
    environment: Environment, name: str, values: Sequence[float], *, every: timedelta = MINUTE, **labels: str
) -> None:
    """One value every minute from AT on."""
    series = read_series(name, labels)
    samples = [Sample(series, value, AT + n * every) for n, value in enumerate(values)]
    kinds = {"http_requests_total": MetricKind.COUNTER}
    services.record(environment_id=environment.pk, samples=samples, at=AT, kinds=kinds)
    services.roll_up()


def points(reader: APIClient, name: str, **query: Any) -> list[list[tuple[int, float]]]:
    """Of each line: seconds after AT, and the value."""
    asked = {"since": AT.isoformat(), "until": (AT + 10 * MINUTE).isoformat(), **query}
    answer = reader.get(f"{METRICS}{name}/points/", asked)
    assert answer.status_code == 200, answer.content
    return [
        [(round(_seconds(point["at"])), point["value"]) for point in line["points"]] for line in answer.json()["lines"]
    ]


def _seconds(text: str) -> float:
    return (datetime.fromisoformat(text) - AT).total_seconds()


# Metrics


def test_metrics_are_listed_with_kind_unit_and_number_of_series(production: Environment, reader: APIClient) -> None:
    observe(production, "http_requests_total", [1], host="a")
    observe(production, "http_requests_total", [1], host="b")
    observe(production, "http_request_duration_seconds", [0.1])
    observe(production, "memory_used_ratio", [0.5])
    told = reader.get(METRICS).json()["results"]
    assert [(one["name"], one["kind"], one["unit"], one["series"]) for one in told] == [
        ("http_request_duration_seconds", "DISTRIBUTION", "seconds", 1),
        ("http_requests_total", "COUNTER", "", 2),
        ("memory_used_ratio", "GAUGE", "ratio", 1),
    ]
    series = reader.get(f"{METRICS}http_requests_total/series/").json()["results"]
    assert [one["labels"] for one in series] == [{"host": "a"}, {"host": "b"}]


def test_a_gauge_is_its_last_value_of_each_step(production: Environment, reader: APIClient) -> None:
    observe(production, "active_users", [1, 2, 3, 4])
    assert points(reader, "active_users") == [[(0, 1), (60, 2), (120, 3), (180, 4)]]
    assert points(reader, "active_users", step=120) == [[(0, 2), (120, 4)]]
    assert points(reader, "active_users", step=120, aggregate="avg") == [[(0, 1.5), (120, 3.5)]]
    assert points(reader, "active_users", step=120, aggregate="count") == [[(0, 2), (120, 2)]]


def test_a_counter_that_began_again_at_zero_goes_on(production: Environment, reader: APIClient) -> None:
    """10, 70, then a restart at 30, 90: it grew by 60, 30 and 60."""
    observe(production, "http_requests_total", [10, 70, 30, 90])
    assert points(reader, "http_requests_total", aggregate="increase") == [[(60, 60), (120, 30), (180, 60)]]
    assert points(reader, "http_requests_total") == [[(60, 1), (120, 0.5), (180, 1)]]


def test_an_increase_begins_before_the_window(production: Environment, reader: APIClient) -> None:
    observe(production, "http_requests_total", [10, 70])
    since = (AT + MINUTE).isoformat()
    assert points(reader, "http_requests_total", aggregate="increase", since=since) == [[(60, 60)]]


def test_series_are_put_together(production: Environment, reader: APIClient) -> None:
    """Users add up; a percentile is that of all measurements, not of two percentiles."""
    observe(production, "active_users", [3, 4], host="a")
    observe(production, "active_users", [5, 6], host="b")
    assert points(reader, "active_users", across="true") == [[(0, 8), (60, 10)]]
    assert points(reader, "active_users", across="true", match="host!=a") == [[(0, 5), (60, 6)]]
    every = timedelta(milliseconds=100)
    observe(production, "http_request_duration_seconds", [0.1] * 90, every=every, host="a")
    observe(production, "http_request_duration_seconds", [2.0] * 10, every=every, host="b")
    ((_at, p50),) = points(reader, "http_request_duration_seconds", across="true", aggregate="p50")[0]
    ((_at, p95),) = points(reader, "http_request_duration_seconds", across="true")[0]
    assert p50 == pytest.approx(0.1, rel=0.03)
    assert p95 == pytest.approx(2.0, rel=0.03)


def test_matchers_choose_lines(production: Environment, reader: APIClient) -> None:
    for host in "abc":
        observe(production, "memory_used_ratio", [0.5], host=host, region="" if host == "c" else "eu")
    answer = reader.get(f"{METRICS}memory_used_ratio/points/", {"since": AT.isoformat(), "match": "region=eu,host!=a",
                                                                "until": (AT + MINUTE).isoformat()})  # fmt: skip
    told = answer.json()
    assert (told["unit"], told["aggregate"], told["series"], told["hidden"]) == ("ratio", "last", 1, 0)
    assert [line["labels"] for line in told["lines"]] == [{"host": "b", "region": "eu"}]


def test_no_more_than_twenty_lines(production: Environment, reader: APIClient) -> None:
    for n in range(22):
        observe(production, "memory_used_ratio", [0.5], host=f"h{n}")
    asked = {"since": AT.isoformat(), "until": (AT + MINUTE).isoformat()}
    told = reader.get(f"{METRICS}memory_used_ratio/points/", asked).json()
    assert (len(told["lines"]), told["series"], told["hidden"]) == (20, 22, 2)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"step": 90}, "step"),
        ({"step": 5}, "step"),
        ({"step": "x"}, "step"),
        ({"since": (AT - timedelta(days=2)).isoformat()}, "step"),  # 2,880 points
        ({"since": (AT - timedelta(days=5)).isoformat(), "step": 900}, "step"),
        ({"since": (AT - timedelta(days=900)).isoformat(), "step": 604_800}, "since"),
        ({"since": (AT + timedelta(hours=1)).isoformat()}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"aggregate": "median"}, "aggregate"),
        ({"aggregate": "p95"}, "aggregate"),
        ({"aggregate": "rate"}, "aggregate"),
        ({"match": "host"}, "match"),
        ({"nonsense": "1"}, "nonsense"),
    ],
)
def test_what_cannot_be_answered_says_which_part(
    production: Environment, reader: APIClient, query: dict[str, Any], field: str
) -> None:
    observe(production, "active_users", [1])
    asked = {"since": AT.isoformat(), "until": (AT + MINUTE).isoformat(), **query}
    answer = reader.get(f"{METRICS}active_users/points/", asked)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_what_nobody_measured_is_not_found(production: Environment, reader: APIClient) -> None:
    assert reader.get(f"{METRICS}nothing/series/").status_code == 404
    assert reader.get(f"{METRICS}nothing/points/", {"since": AT.isoformat()}).status_code == 404


# Events


def track(environment: Environment, *names: str, minute: int = 0) -> None:
    at = AT + minute * MINUTE
    window = Window(at, timedelta(days=7), timedelta(minutes=5))
    events = [read_event({"name": name, "targeting_key": "u-1"}, window, place=n) for n, name in enumerate(names)]
    services.store_events(received=[Received(environment.pk, event, at) for event in events])


def names_of(answer: Any) -> list[str]:
    return [event["name"] for event in answer.json()["results"]]


def test_events_come_the_last_first_page_by_page(production: Environment, reader: APIClient) -> None:
    track(production, *(f"e{n}" for n in range(5)))
    page, seen = reader.get(EVENTS, {"limit": 2}), []
    while True:
        seen += names_of(page)
        onward = page.json()["next"]
        if onward is None:
            break
        page = reader.get(onward)
    assert seen == ["e4", "e3", "e2", "e1", "e0"]


def test_events_are_narrowed_by_name_and_time(shop: Project, production: Environment, reader: APIClient) -> None:
    track(production, "click", "view")
    track(production, "click", minute=5)
    track(shop.environments.get(key="staging"), "click")
    assert names_of(reader.get(EVENTS, {"name": "click"})) == ["click", "click"]
    (event,) = reader.get(EVENTS, {"since": (AT + MINUTE).isoformat()}).json()["results"]
    assert (event["targeting_key"], event["at"]) == ("u-1", "2026-01-05T09:05:00Z")


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "!!"},
        {"cursor": ""},
        {"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjE"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "5000"},
        {"limit": "9" * 30},
        {"limit": "٣"},
        {"name": "\0"},
    ],
)
@pytest.mark.parametrize("path", [EVENTS, f"{EVENTS}feed/"])
def test_nonsense_is_refused(production: Environment, reader: APIClient, path: str, query: dict[str, str]) -> None:
    assert reader.get(path, query).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_the_feed_tells_each_event_once_and_goes_on(production: Environment, reader: APIClient) -> None:
    track(production, "a", "b", "c")
    seen: list[str] = []
    cursor, deadline = "", time.monotonic() + OTHERS_SECONDS
    while len(seen) < 3 and time.monotonic() < deadline:
        asked = {"limit": "2", "cursor": cursor} if cursor else {"limit": "2"}
        told = reader.get(f"{EVENTS}feed/", asked).json()
        seen += [event["name"] for event in told["results"]]
        cursor = told["cursor"]
        time.sleep(0 if told["results"] else 0.1)
    assert seen == ["a", "b", "c"]
    track(production, "d")
    told = reader.get(f"{EVENTS}feed/", {"cursor": cursor, "name": "none"}).json()
    assert (told["cursor"], told["more"], told["results"]) == (cursor, False, [])


def test_refused_events_are_told_with_the_reason(production: Environment, reader: APIClient) -> None:
    services.store_events(received=[], turned=[Turned(production.pk, "name is missing", '{"x": 1}', AT)])
    (told,) = reader.get(f"{EVENTS}refused/").json()["results"]
    assert told == {"at": "2026-01-05T09:00:00Z", "reason": "name is missing", "excerpt": '{"x": 1}'}


@pytest.mark.parametrize("path", [METRICS, EVENTS, f"{EVENTS}feed/", f"{EVENTS}refused/"])
def test_who_may_read(shop: Project, production: Environment, path: str) -> None:
    assert as_role("Viewer").get(path).status_code == 200
    assert as_key(make_key(project=shop, management=True)).get(path).status_code == 200
    bound = as_key(make_key(environment=production, kind="MANAGEMENT"))
    assert bound.get(path).status_code == 200
    assert bound.get(path.replace("production", "staging")).status_code == 403
    assert as_key(make_key(environment=production, kind="INGEST")).get(path).status_code == 403
    assert APIClient().get(path).status_code == 401
