"""What beat does about health checks: one sweep at a time in a process, and results that are kept no longer."""

from datetime import timedelta

import pytest
from django.db import connection

from apps.core import clock
from apps.monitoring import services, tasks
from apps.monitoring.models import HealthCheck, HealthResult
from tests.factories import make_check, make_heartbeat, make_project

pytestmark = pytest.mark.django_db


def partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [services.RESULTS]
        )
        return sorted(name for (name,) in cursor.fetchall())


def test_a_sweep_runs_what_is_due_and_notices_silence() -> None:
    environment, at = make_project().environments.get(key="production"), clock.now() - timedelta(hours=1)
    make_check(environment, at=at)  # to an address that the guard forbids
    late = make_heartbeat(environment, at=at)
    services.report_check(environment_id=environment.pk, key="x", ok=True, reason="", expected_every=60, at=at)
    HealthCheck.objects.filter(pk=late.check.pk).update(ended_at=at, due_at=at)
    tasks.run_checks()
    assert set(HealthCheck.objects.values_list("key", "last_ok")) == {("web", False), ("nightly", False), ("x", False)}


def test_a_sweep_that_is_under_way_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = make_project().environments.get(key="production")
    make_check(environment, at=clock.now())
    with tasks._running:
        tasks.run_checks()
    assert not HealthResult.objects.filter(of__in=HealthCheck.objects.all()).exists()
    tasks.run_checks()
    assert HealthCheck.objects.get().last_ok is False


def test_results_are_kept_for_their_days_and_no_longer() -> None:
    now = clock.now()
    old = now - timedelta(days=91)
    services.make_partitions(at=old)
    assert f"{services.RESULTS}_{old:%Y%m%d}" in partitions()
    services.drop_old(at=now)
    kept = partitions()
    assert f"{services.RESULTS}_{old:%Y%m%d}" not in kept
    assert f"{services.RESULTS}_{now - timedelta(days=90):%Y%m%d}" in kept
