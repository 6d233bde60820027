"""Samples land once, are rolled up exactly, and no push takes more than its share."""

from datetime import datetime, timedelta

import pytest

from apps.core import partitions
from apps.core.models import Environment
from apps.monitoring import services
from apps.monitoring.domain.samples import MetricKind, Sample
from apps.monitoring.domain.series import read_series
from apps.monitoring.models import DirtyMinute, MetricRollup, MetricSample, MetricSeries
from apps.monitoring.selectors.rollups import bucket_of
from apps.monitoring.services import samples as storing
from tests.factories import AT, make_project

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def environment() -> Environment:
    services.make_partitions(at=AT)
    return make_project().environments.get(key="production")


def sample(value: float, at: datetime = AT, name: str = "memory_used_ratio", **labels: str) -> Sample:
    return Sample(read_series(name, labels), value, at)


def push(environment: Environment, *samples: Sample, **kinds: MetricKind) -> list[int]:
    """Places of those that did not fit."""
    refused = services.record(environment_id=environment.pk, samples=samples, at=AT, kinds=kinds)
    return [one.place for one in refused]


def stored(environment: Environment) -> list[float]:
    """Values of this environment alone: what other tests committed stays in tables that Django does not manage."""
    rows = MetricSample.objects.filter(series__environment=environment)
    return list(rows.order_by("at").values_list("value", flat=True))


def test_a_series_is_made_once_and_found_by_its_labels(environment: Environment) -> None:
    push(environment, sample(0.5, host="a"), sample(0.6, host="b"))
    push(environment, sample(0.7, AT + MINUTE, host="a"))
    rows = MetricSeries.objects.filter(environment=environment).order_by("labels__host")
    assert [(row.name, row.labels, row.kind) for row in rows] == [
        ("memory_used_ratio", {"host": "a"}, "GAUGE"),
        ("memory_used_ratio", {"host": "b"}, "GAUGE"),
    ]
    assert [row.last_at for row in rows] == [AT + MINUTE, AT]
    values = MetricSample.objects.filter(series=rows[0].pk).order_by("at").values_list("value", flat=True)
    assert list(values) == [0.5, 0.7]


def test_pushing_the_same_again_changes_nothing_and_a_correction_wins(environment: Environment) -> None:
    push(environment, sample(1.0))
    push(environment, sample(1.0))
    push(environment, sample(2.0), sample(3.0))
    assert stored(environment) == [3.0]


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("http_requests_total", None, "COUNTER"),
        ("http_requests", MetricKind.COUNTER, "COUNTER"),
        ("http_request_duration_seconds", None, "DISTRIBUTION"),
        ("web_vitals_cls", None, "DISTRIBUTION"),  # its rule asks for a percentile
        ("uptime_seconds", MetricKind.GAUGE, "GAUGE"),
        ("active_users", None, "GAUGE"),
    ],
)
def test_a_kind_is_what_the_sender_says_or_the_name(
    environment: Environment, name: str, said: MetricKind | None, expected: str
) -> None:
    push(environment, sample(1, name=name), **({name: said} if said else {}))
    assert MetricSeries.objects.get().kind == expected


def test_series_beyond_the_limit_are_refused_and_the_known_ones_go_on(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "MAX_SERIES", 2)
    assert push(environment, sample(1, host="a"), sample(2, host="b")) == []
    assert push(environment, sample(1, AT + MINUTE, host="a"), sample(3, host="c")) == [1]
    assert MetricSeries.objects.count() == 2
    assert sorted(stored(environment)) == [1.0, 1.0, 2.0]


def test_minutes_and_hours_are_rolled_up_from_what_was_pushed(environment: Environment) -> None:
    push(environment, *(sample(value, AT + n * timedelta(seconds=20)) for n, value in enumerate([4, 1, 7, 2])))
    assert services.roll_up(batch=1) == 2  # 09:00 with 4, 1, 7 and 09:01 with 2
    minutes = MetricRollup.objects.filter(resolution=60).order_by("start")
    assert [(row.start, row.minimum, row.maximum, row.total, row.count, row.last) for row in minutes] == [
        (AT, 1, 7, 12, 3, 7),
        (AT + MINUTE, 2, 2, 2, 1, 2),
    ]
    hour = MetricRollup.objects.get(resolution=3600)
    assert (hour.start, hour.minimum, hour.maximum, hour.total, hour.count, hour.last) == (AT, 1, 7, 14, 4, 2)
    assert (DirtyMinute.objects.count(), services.roll_up()) == (0, 0)


def test_a_late_sample_is_rolled_up_again(environment: Environment) -> None:
    push(environment, sample(4))
    services.roll_up()
    push(environment, sample(6, AT + timedelta(seconds=1)))
    services.roll_up()
    assert {(row.resolution, row.total, row.count) for row in MetricRollup.objects.all()} == {
        (60, 10, 2),
        (3600, 10, 2),
    }


def test_a_distribution_keeps_a_percentile_over_any_window(environment: Environment) -> None:
    seconds = timedelta(seconds=1)
    push(environment, *(sample(n / 100, AT + n * seconds, "http_request_duration_seconds") for n in range(1, 101)))
    services.roll_up()
    sketch = bucket_of(MetricRollup.objects.get(resolution=3600)).sketch
    assert sketch is not None
    assert sketch.quantile(0.95) == pytest.approx(0.95, rel=0.011)


def test_partitions_are_made_ahead_and_dropped_whole(environment: Environment) -> None:
    assert services.make_partitions(at=AT) == 0
    push(environment, sample(1, AT - timedelta(days=1)), sample(2))
    assert partitions.drop("monitoring_metricsample", before=AT.date()) >= 7
    assert stored(environment) == [2.0]
