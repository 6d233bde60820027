"""Heartbeats and reports: what comes, what does not come, and what counts."""

from datetime import timedelta

import pytest

from apps.core.models import AuditEntry, Environment
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping
from apps.monitoring.models import HealthCheck, HealthResult
from apps.monitoring.services import MadeCheck
from tests.factories import ACTOR, AT, make_check, make_heartbeat, make_project
from tests.factories.checks import hear

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


@pytest.fixture
def made(environment: Environment) -> MadeCheck:
    """Every minute, with a grace of ten seconds."""
    return make_heartbeat(environment)


def ping(made: MadeCheck, seconds: float, said: Ping = Ping.SUCCESS) -> HealthCheck:
    assert hear(token=made.ping_token, said=said, at=AT + seconds * SECOND)
    return again(made.check)


def again(check: HealthCheck) -> HealthCheck:
    check.refresh_from_db()
    return check


def told() -> list[tuple[float, bool, str]]:
    rows = HealthResult.objects.order_by("at")
    return [((row.at - AT).total_seconds(), row.ok, row.reason) for row in rows]


def test_nothing_is_missed_before_the_first_ping(made: MadeCheck) -> None:
    assert services.find_missed(at=AT + timedelta(days=3)) == 0
    assert made.check.due_at is None


def test_a_ping_that_does_not_come_is_a_failure_after_its_grace(made: MadeCheck) -> None:
    assert ping(made, 0).settled == "UP"
    assert [services.find_missed(at=AT + n * SECOND) for n in (60, 69, 70, 71)] == [0, 0, 1, 0]
    check = again(made.check)
    assert (check.settled, check.due_at) == ("DOWN", AT + 130 * SECOND)
    assert told()[1:] == [(70, False, "no ping for the run due 2026-01-05 09:01:00 UTC")]
    assert services.find_missed(at=AT + 130 * SECOND) == 1
    assert ping(made, 150).settled == "UP"
    assert [entry.kind for entry in AuditEntry.objects.filter(actor_label="checks").order_by("pk")] == [
        "monitoring.check_down",
        "monitoring.check_recovered",
    ]
    assert services.find_missed(at=AT + 210 * SECOND) == 0


def test_a_run_says_how_long_it_took(made: MadeCheck) -> None:
    ping(made, 0, Ping.START)
    assert not HealthResult.objects.exists()
    assert ping(made, 7).last_latency_seconds == 7


def test_a_run_that_began_and_does_not_end_is_a_failure(made: MadeCheck) -> None:
    assert ping(made, 0, Ping.START).due_at == AT + 10 * SECOND
    assert services.find_missed(at=AT + 10 * SECOND) == 1
    assert told() == [(10, False, "started, and not finished within 10 s")]
    assert again(made.check).due_at is None


def test_a_job_says_that_it_failed(made: MadeCheck) -> None:
    ping(made, 0, Ping.FAIL)
    assert told() == [(0, False, "the job says that it failed")]


def test_the_portal_was_away_and_tells_each_run_once(made: MadeCheck) -> None:
    ping(made, 0)
    assert services.find_missed(at=AT + 310 * SECOND) == 5
    assert [seconds for seconds, _ok, _reason in told()] == [0, 70, 130, 190, 250, 310]
    assert services.find_missed(at=AT + 310 * SECOND) == 0


def test_silence_in_a_pause_does_not_count(made: MadeCheck) -> None:
    ping(made, 0)
    services.pause_check(check_id=made.check.pk, actor=ACTOR, reason="tests", at=AT + 30 * SECOND)
    assert services.find_missed(at=AT + 90 * SECOND) == 0
    services.resume_check(check_id=made.check.pk, actor=ACTOR, reason="tests", at=AT + 100 * SECOND)
    assert services.find_missed(at=AT + 110 * SECOND) == 0
    assert services.find_missed(at=AT + 130 * SECOND) == 1
    assert [seconds for seconds, _ok, _reason in told()] == [0, 130]


def test_what_is_expected_anew_is_expected_from_now_on(made: MadeCheck) -> None:
    ping(made, 0)
    fields = {"config": {"period_seconds": 10, "grace_seconds": 0}}
    change = {"check_id": made.check.pk, "actor": ACTOR, "reason": "tests", "expected_version": None}
    services.update_check(fields=fields, at=AT + 55 * SECOND, **change)  # type: ignore[arg-type]
    assert services.find_missed(at=AT + 65 * SECOND) == 1
    assert [seconds for seconds, _ok, _reason in told()] == [0, 60]


def test_one_heartbeat_that_cannot_be_read_does_not_stop_the_others(environment: Environment) -> None:
    broken, fine = make_heartbeat(environment, key="broken"), make_heartbeat(environment, key="fine")
    ping(broken, 0)
    ping(fine, 0)
    HealthCheck.objects.filter(pk=broken.check.pk).update(config={})
    assert services.find_missed(at=AT + 70 * SECOND) == 1


# The token


def test_a_token_is_kept_as_its_digest_alone(made: MadeCheck) -> None:
    assert made.ping_token.startswith("pulse_ping_")
    row = HealthCheck.objects.values().get()
    assert made.ping_token not in str(row)
    assert made.ping_token not in str(list(AuditEntry.objects.values()))
    assert row["ping_hint"] == made.ping_token[-4:]


def test_an_old_address_ends_with_the_new_one_and_with_the_check(made: MadeCheck) -> None:
    fresh = services.renew_ping_token(check_id=made.check.pk, actor=ACTOR, reason="leaked", at=AT)
    assert not hear(token=made.ping_token, said=Ping.SUCCESS, at=AT)
    assert hear(token=fresh.ping_token, said=Ping.SUCCESS, at=AT)
    services.archive_check(check_id=made.check.pk, actor=ACTOR, reason="tests", at=AT)
    assert not hear(token=fresh.ping_token, said=Ping.SUCCESS, at=AT)


# Reports of our own apps


def report(environment: Environment, seconds: float, *, ok: bool = True) -> HealthCheck:
    return services.report_check(
        environment_id=environment.pk,
        key="backup",
        ok=ok,
        reason="the copy is empty",
        expected_every=3_600,
        at=AT + seconds * SECOND,
    )


def test_the_first_report_makes_the_check_and_silence_is_a_failure(environment: Environment) -> None:
    services.make_partitions(at=AT)
    check = report(environment, 0)
    assert (check.kind, check.settled, check.due_at) == ("REPORTED", "UP", AT + 3_660 * SECOND)
    assert AuditEntry.objects.get(kind="monitoring.check_created").actor_label == "checks"
    assert services.find_missed(at=AT + 3_659 * SECOND) == 0
    assert services.find_missed(at=AT + 3_660 * SECOND) == 1
    assert again(check).last_reason == "no report since 2026-01-05 09:00:00 UTC, expected every 3,600 s"
    assert report(environment, 4_000).settled == "UP"
    assert HealthCheck.objects.count() == 1


def test_a_report_of_failure_is_one_at_once(environment: Environment) -> None:
    services.make_partitions(at=AT)
    check = report(environment, 0, ok=False)
    assert (check.settled, check.last_reason) == ("DOWN", "the copy is empty")


def test_a_report_takes_over_no_other_check(environment: Environment) -> None:
    make_check(environment, key="backup")
    with pytest.raises(services.OtherKind):
        report(environment, 0)
