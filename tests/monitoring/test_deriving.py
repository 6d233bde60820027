"""Active users, as they follow from tracked events."""

from datetime import timedelta

import pytest

from apps.core.models import Environment
from apps.monitoring import services
from apps.monitoring.domain.events import read_event
from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series
from apps.monitoring.domain.values import Window
from apps.monitoring.models import MetricSample
from apps.monitoring.services.events import Received
from tests.factories import AT, make_project

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def environment() -> Environment:
    services.make_partitions(at=AT)
    return make_project().environments.get(key="production")


def track(environment: Environment, minute: float, *people: str, anonymous: bool = False) -> None:
    at = AT + minute * MINUTE
    window = Window(at, timedelta(days=7), timedelta(minutes=5))
    field = "anonymous_id" if anonymous else "targeting_key"
    raw = [{"name": "view", field: who} for who in people]
    events = [read_event(item, window, place=place) for place, item in enumerate(raw)]
    services.store_events(received=[Received(environment.pk, event, at) for event in events])


def counted(minute: float) -> int:
    return services.count_active_users(at=AT + minute * MINUTE)


def written(environment: Environment) -> list[tuple[float, float]]:
    rows = MetricSample.objects.filter(series__environment=environment, series__name="active_users").order_by("at")
    return [((at - AT) / MINUTE, value) for at, value in rows.values_list("at", "value")]


def test_each_person_counts_once_for_five_minutes(environment: Environment) -> None:
    track(environment, 0, "ann", "ben", "ann")
    track(environment, 1, "ann")
    track(environment, 1, "a-7", anonymous=True)
    assert [counted(minute) for minute in (2, 5.5, 7)] == [1, 1, 1]
    assert written(environment) == [(2, 3), (5.5, 2), (7, 0)]  # nobody is a number, too


def test_around_midnight_both_days_count(environment: Environment) -> None:
    midnight = 15 * 60  # minutes after nine
    track(environment, midnight - 1, "ann")
    track(environment, midnight + 1, "ben")
    counted(midnight + 2)
    assert written(environment) == [(midnight + 2, 2)]


def test_an_environment_without_events_has_no_such_metric(environment: Environment) -> None:
    track(environment, 0, "ann")
    counted(1)
    assert written(environment.project.environments.get(key="staging")) == []


def test_who_pushes_the_metric_knows_better(environment: Environment) -> None:
    track(environment, 0, "ann")
    own = Sample(read_series("active_users", {}), 42.0, AT)
    services.record(environment_id=environment.pk, samples=[own], at=AT)
    assert (counted(1), written(environment)) == (0, [(0, 42)])
    track(environment, 61, "ann")
    assert (counted(62), written(environment)) == (1, [(0, 42), (62, 1)])  # it stopped an hour ago
