"""Several sweeps at the same moment, and sweeps that die in between: each check is run once and settled once."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction

from apps.core.domain.egress import Policy
from apps.core.egress import Egress
from apps.core.models import AuditEntry, Environment
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping
from apps.monitoring.models import HealthCheck, HealthDay, HealthResult
from apps.monitoring.services import checking
from tests.core.egress_peers import reply, serving
from tests.factories import AT, make_check, make_heartbeat, make_project
from tests.factories.checks import hear
from tests.flows.at_once import at_once
from tests.monitoring.probing import way_out

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 40


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def test_two_sweeps_at_once_run_each_check_once(environment: Environment) -> None:
    with serving(reply("500 Broken")) as peer:
        config = {"url": peer.url, "timeout_seconds": 5}
        for number in range(MANY):
            make_check(environment, key=f"c{number}", kind="HTTP", config=config)
        assert at_once(*[lambda: services.run_due_checks(at=AT, egress=way_out())] * 3) == []
        assert peer.connections == MANY
    assert HealthResult.objects.count() == MANY
    assert set(HealthCheck.objects.values_list("settled", "lease", "failures_total")) == {("DOWN", 1, 1)}
    assert set(HealthDay.objects.values_list("ok", "failed")) == {(0, 1)}
    assert AuditEntry.objects.filter(kind="monitoring.check_down").count() == MANY


def test_a_sweep_that_loses_the_database_leaves_everything_to_the_next(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> int:
        raise OperationalError("the server went away")

    check = make_check(environment)
    with monkeypatch.context() as broken:
        broken.setattr(checking, "_settle", lost)
        with pytest.raises(OperationalError):
            services.run_due_checks(at=AT, egress=way_out())
    assert not HealthResult.objects.exists()
    assert services.run_due_checks(at=AT + timedelta(seconds=60), egress=way_out()) == 0
    assert services.run_due_checks(at=AT + checking.LEASE, egress=way_out()) == 1
    check.refresh_from_db()
    assert (check.lease, check.failures_total, HealthResult.objects.count()) == (2, 1, 1)


def test_a_ping_and_a_sweep_at_once_count_each_moment_once(environment: Environment) -> None:
    made = make_heartbeat(environment)
    hear(token=made.ping_token, said=Ping.SUCCESS, at=AT)
    late = AT + timedelta(seconds=71)
    raised = at_once(
        *[lambda: services.find_missed(at=late)] * 3,
        *[lambda: hear(token=made.ping_token, said=Ping.SUCCESS, at=late)] * 3,
    )
    assert raised == []
    check = HealthCheck.objects.get()
    assert check.settled == "UP"
    assert check.failures_total == HealthResult.objects.filter(ok=False).count() <= 1
    assert HealthResult.objects.filter(ok=True, at=late).count() == 1


def test_the_first_reports_at_once_make_one_check(environment: Environment) -> None:
    services.make_partitions(at=AT)
    pk = environment.pk

    def report() -> None:
        services.report_check(environment_id=pk, key="backup", ok=True, reason="", expected_every=60, at=AT)

    assert at_once(*[report] * 4) == []
    assert HealthCheck.objects.count() == HealthResult.objects.count() == 1


def test_nothing_is_probed_from_inside_a_transaction(environment: Environment) -> None:
    make_check(environment)
    with transaction.atomic(), pytest.raises(RuntimeError):
        services.run_due_checks(at=AT, egress=Egress(Policy()))
    assert HealthCheck.objects.get().lease == 0
