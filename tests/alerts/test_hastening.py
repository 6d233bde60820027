"""Rules that come early because their metrics got samples, and the clock that asks for a round in time."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import loops, services
from apps.alerts.models import AlertRule
from apps.core import bus, clock
from apps.core.models import Environment
from apps.monitoring import services as monitoring
from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series
from tests.factories import AT, make_project, make_rule

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
RATIO = {"aggregate": "ratio", "window_seconds": 60, "denominator": {"metric": "errors"}, "metric": "fatal"}


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def hasten(environment: Environment, seconds: float, *metrics: str) -> int:
    return services.hasten(environment_id=environment.pk, metrics=metrics, at=AT + seconds * SECOND)


def due(rule: AlertRule) -> float:
    """Seconds after AT."""
    rule.standing.refresh_from_db()
    return (rule.standing.due_at - AT) / SECOND


@pytest.mark.parametrize(("pushed", "judged_next"), [(0, 5), (2, 5), (5, 5), (7, 7), (14, 14), (15, 15)])
def test_a_rule_whose_metric_got_samples_is_due_at_once_but_not_more_often_than_every_five_seconds(
    environment: Environment, pushed: float, judged_next: float
) -> None:
    rule = make_rule(environment)
    services.judge_due(at=AT)
    assert due(rule) == 15
    hasten(environment, pushed, "errors", "more")
    assert due(rule) == judged_next


def test_samples_of_a_denominator_count(environment: Environment) -> None:
    rule = make_rule(environment, query=RATIO)
    services.judge_due(at=AT)
    assert hasten(environment, 7, "errors") == 1
    assert due(rule) == 7


def test_nothing_else_comes_early(environment: Environment) -> None:
    other = make_rule(environment, key="other", query={"metric": "memory", "aggregate": "last", "window_seconds": 60})
    elsewhere = make_rule(make_project().environments.get(key="production"))
    off = make_rule(environment, key="off")
    services.judge_due(at=AT)
    services.update_rule(rule_id=off.pk, enabled=False, **_who())
    assert hasten(environment, 7, "errors") == 0
    assert [due(rule) for rule in (other, elsewhere, off)] == [15, 15, 15]


def test_much_at_once_does_not_make_judging_dear(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.alerts.services.hastening.AT_ONCE", 2)
    for n in range(3):
        make_rule(environment, key=f"rule-{n}")
    services.judge_due(at=AT)
    assert hasten(environment, 7, "errors") == 2


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """When the clock asked for a round."""
    moments: list[float] = []
    monkeypatch.setattr(loops, "ask", lambda: moments.append(time.monotonic()))
    stop = threading.Event()
    watching = threading.Thread(target=loops.run, args=(stop,))
    watching.start()
    yield moments
    stop.set()
    watching.join(10)
    assert not watching.is_alive()


@pytest.mark.django_db(transaction=True)
def test_the_clock_asks_for_a_round_when_samples_come(environment: Environment, asked: list[float]) -> None:
    rule = make_rule(environment)
    services.judge_due(at=clock.now() - 10 * SECOND)
    services.judge_due(at=clock.now())
    rule.standing.refresh_from_db()
    before = rule.standing.due_at
    monitoring.make_partitions(at=clock.now())

    def heard() -> bool:
        """Pushed until it hears: it may not have subscribed yet."""
        sample = Sample(read_series("errors", {}), 7.0, clock.now())
        monitoring.record(environment_id=environment.pk, samples=[sample], at=clock.now())
        rule.standing.refresh_from_db()
        return rule.standing.due_at < before

    until(heard)
    until(lambda: bool(asked))


def test_without_redis_samples_are_taken_and_nobody_waits(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    import redis

    tried: list[str] = []

    class Away:
        def publish(self, channel: str, _message: str) -> None:
            tried.append(channel)
            raise redis.ConnectionError

    monkeypatch.setattr(bus, "client", Away)
    monkeypatch.setattr(bus, "_hints_again_at", 0.0)
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            bus.hint(bus.SAMPLES, environment=environment.pk, names=["errors"])
    assert tried == [bus.SAMPLES]


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _who() -> dict[str, Any]:
    from tests.factories import ACTOR

    return {"actor": ACTOR, "reason": "tests", "at": AT, "expected_version": None}
