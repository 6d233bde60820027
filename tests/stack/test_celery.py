"""Broker address, queues and periods."""

import pytest
from celery.app.amqp import AMQP
from kombu import Connection

from pulseops import celery


@pytest.mark.parametrize(
    ("redis_url", "expected"),
    [
        ("redis://cache:6379/2", "redis://cache:6379/2"),
        ("rediss://cache:6379/0?ssl_cert_reqs=required", "rediss://cache:6379/0?ssl_cert_reqs=required"),
        ("unix:///srv/my%20var/valkey.sock?db=3", "redis+socket:///srv/my%20var/valkey.sock?virtual_host=3"),
        ("unix:///srv/valkey.sock", "redis+socket:///srv/valkey.sock?virtual_host=0"),
    ],
)
def test_celery_speaks_of_the_same_server(redis_url: str, expected: str) -> None:
    assert celery.broker_url(redis_url) == expected


def test_the_broker_of_this_run_answers() -> None:
    with Connection(celery.app.conf.broker_url) as connection:
        connection.ensure_connection(max_retries=1)


def test_every_period_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEOPS_PERIOD_BEAT_TICK", "0.5")

    assert celery.beat_schedule()["beat_tick"]["schedule"] == 0.5


def test_every_scheduled_task_exists_and_has_a_queue() -> None:
    celery.app.loader.import_default_modules()
    router: AMQP = celery.app.amqp
    for task, _ in celery.PERIODS.values():
        assert task in celery.app.tasks
        assert router.router.route({}, task)["queue"].name in {"fast", "slow"}


def test_long_tasks_go_to_their_own_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery, "SLOW_TASKS", ("backups.",))

    assert celery.route("backups.run") == {"queue": "slow"}
    assert celery.route("alerts.deliver") == {"queue": "fast"}
