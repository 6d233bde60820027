"""Health checks that are run: claimed once, judged by the domain, settled under their lease, whoever dies."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core.models import AuditEntry, Environment
from apps.monitoring import services
from apps.monitoring.domain.checks.judging import Outcome
from apps.monitoring.gateways import probe
from apps.monitoring.models import HealthCheck, HealthDay, HealthResult, MetricSample
from apps.monitoring.selectors.checks import days_of
from apps.monitoring.services import checking, settling
from tests.core.egress_peers import reply, serving
from tests.factories import ACTOR, AT, make_check, make_project
from tests.monitoring.probing import way_out

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What every probe answers, one after the other, the last for ever. Nothing is sent."""
    given = [True]

    async def probed(*_: object, **__: object) -> Outcome:
        ok = given.pop(0) if len(given) > 1 else given[0]
        return Outcome(ok, "" if ok else "refused", 0.02 if ok else None)

    monkeypatch.setattr(checking, "probe", probed)
    return given


def run(at: datetime, **given: Any) -> int:
    return services.run_due_checks(at=at, egress=way_out(), **given)


def test_a_database_measures_how_many_are_connected(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    async def probed(*_: object, **__: object) -> Outcome:
        return Outcome(True, "", 0.02, measures={"database_connections": 7.0, "database_connections_max": 100.0})

    monkeypatch.setattr(checking, "probe", probed)
    config = {"host": "db.example.com", "database": "orders", "user": "watcher"}
    make_check(environment, key="orders", kind="POSTGRES", config=config)
    assert run(AT) == 1
    rows = MetricSample.objects.filter(series__labels={"database": "orders"}).order_by("series__name")
    assert list(rows.values_list("series__name", "series__kind", "value")) == [
        ("database_connections", "GAUGE", 7),
        ("database_connections_max", "GAUGE", 100),
        ("database_up", "GAUGE", 1),
    ]


def values(name: str) -> list[float]:
    rows = MetricSample.objects.filter(series__name=name).order_by("at")
    return list(rows.values_list("value", flat=True))


def kinds() -> list[str]:
    rows = AuditEntry.objects.filter(kind__startswith="monitoring.").order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_a_check_is_run_once_a_period_and_on_its_own_grid(environment: Environment, answers: list[bool]) -> None:
    check = make_check(environment, period_seconds=60)
    assert [run(AT), run(AT), run(AT + 59 * SECOND), run(AT + 70 * SECOND)] == [1, 0, 0, 1]
    check.refresh_from_db()
    assert check.due_at == AT + 2 * MINUTE
    assert (check.settled, check.last_ok, check.last_at, check.leased_until) == ("UP", True, AT + 70 * SECOND, None)
    assert HealthResult.objects.filter(of=check).count() == 2


def test_whoever_was_away_does_not_catch_up(environment: Environment, answers: list[bool]) -> None:
    check = make_check(environment)
    later = AT + timedelta(hours=2)
    assert run(later) == 1
    check.refresh_from_db()
    assert check.due_at is not None
    assert later < check.due_at <= later + MINUTE + SECOND
    assert HealthResult.objects.count() == 1


def test_down_after_as_many_failures_as_it_takes_and_up_again(environment: Environment, answers: list[bool]) -> None:
    check = make_check(environment, failures=3, recoveries=2)
    answers[:] = [True, False, False, False, True, True]
    states = []
    for number in range(6):
        run(AT + number * MINUTE)
        check.refresh_from_db()
        states.append(check.settled)
    assert states == ["UP", "UP", "UP", "DOWN", "DOWN", "UP"]
    assert kinds() == ["monitoring.check_created", "monitoring.check_down", "monitoring.check_recovered"]
    down = AuditEntry.objects.get(kind="monitoring.check_down")
    assert (down.actor_label, down.reason, down.at, down.subject_label) == ("checks", "refused", AT + 3 * MINUTE, "web")
    assert values("health_check_failures_total") == [0, 1, 2, 3, 3, 3]
    assert values("health_check_up") == [1, 1, 1, 0, 0, 1]
    assert values("health_check_duration_seconds") == [0.02] * 3


def test_the_first_failure_is_an_increase_of_a_counter_that_began_at_nought(
    environment: Environment, answers: list[bool]
) -> None:
    make_check(environment)
    answers[:] = [False]
    run(AT + SECOND)
    assert values("health_check_failures_total") == [0, 1]


def test_a_day_says_how_long_it_was_up_and_down(environment: Environment, answers: list[bool]) -> None:
    check = make_check(environment)
    answers[:] = [True, True, False, False, True]
    for number in range(5):
        run(AT + number * MINUTE)
    day = HealthDay.objects.get(of=check)
    assert (day.ok, day.failed, day.up_seconds, day.down_seconds) == (3, 2, 120, 120)
    bar = days_of(check, at=AT + 4 * MINUTE)[-1]
    assert (bar.up_seconds, bar.down_seconds, bar.unknown_seconds) == (120, 120, 9 * 3600)
    assert bar.share == 0.5


def test_midnight_divides_the_time(environment: Environment, answers: list[bool]) -> None:
    late = datetime(2026, 1, 5, 23, 59, 30, tzinfo=AT.tzinfo)
    check = make_check(environment, at=late)
    run(late)
    run(late + MINUTE)
    days = HealthDay.objects.filter(of=check).order_by("day")
    assert [(day.day.day, day.up_seconds) for day in days] == [(5, 30), (6, 30)]


def test_time_in_which_nobody_looked_is_unknown(environment: Environment, answers: list[bool]) -> None:
    check = make_check(environment, period_seconds=60)
    run(AT)
    run(AT + timedelta(hours=2))
    assert HealthDay.objects.get(of=check).up_seconds == 180


def test_a_paused_check_is_not_run_and_new_after(environment: Environment, answers: list[bool]) -> None:
    check = make_check(environment, paused=True)
    assert run(AT) == 0
    services.resume_check(check_id=check.pk, actor=ACTOR, reason="tests", at=AT + MINUTE)
    assert run(AT + 2 * MINUTE) == 1


# Leases


def test_a_dead_worker_s_check_is_run_again_when_its_lease_ends(environment: Environment, answers: list[bool]) -> None:
    make_check(environment)
    dead = checking._claim(AT, 10)
    assert len(dead) == 1
    assert run(AT + 119 * SECOND) == 0
    assert run(AT + 120 * SECOND) == 1
    late = [checking.Done(dead[0], Outcome(False, "late", None))]
    assert checking._settled(late, lambda: AT + 121 * SECOND) == 0
    assert HealthResult.objects.count() == 1
    assert kinds() == ["monitoring.check_created"]


@pytest.mark.parametrize("change", ["update", "pause", "archive"])
def test_an_answer_to_what_a_check_was_before_does_not_count(
    environment: Environment, answers: list[bool], change: str
) -> None:
    check = make_check(environment)
    [job] = checking._claim(AT, 10)
    who: dict[str, Any] = {"check_id": check.pk, "actor": ACTOR, "reason": "tests", "at": AT, "expected_version": 1}
    if change == "update":
        services.update_check(fields={"config": {"host": "192.0.2.2", "port": 9}}, **who)
    elif change == "pause":
        services.pause_check(**who)
    else:
        services.archive_check(**who)
    assert checking._settled([checking.Done(job, Outcome(False, "old", None))], lambda: AT) == 0
    assert not HealthResult.objects.exists()


def test_one_result_that_cannot_be_kept_does_not_stop_the_others(
    environment: Environment, answers: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = make_check(environment, key="broken"), make_check(environment, key="fine")
    samples = settling._samples

    def breaking(result: settling.Result) -> Any:
        return 1 / 0 if result.row.pk == broken.pk else samples(result)

    monkeypatch.setattr(settling, "_samples", breaking)
    assert run(AT) == 1
    assert list(HealthResult.objects.values_list("of", flat=True)) == [fine.pk]
    broken.refresh_from_db()
    assert broken.leased_until == AT + checking.LEASE  # and then it is tried again


def test_one_configuration_that_cannot_be_read_does_not_stop_the_others(
    environment: Environment, answers: list[bool]
) -> None:
    broken = make_check(environment, key="broken")
    HealthCheck.objects.filter(pk=broken.pk).update(config={"host": 7})
    make_check(environment)
    assert run(AT) == 2
    broken.refresh_from_db()
    assert (broken.last_ok, "configuration cannot be read" in broken.last_reason) == (False, True)


# Against real servers


def http(port: int, **config: Any) -> dict[str, Any]:
    return {"kind": "HTTP", "config": {"url": f"http://127.0.0.1:{port}/", "timeout_seconds": 5, **config}}


def test_two_hundred_checks_go_at_once_in_one_loop(environment: Environment) -> None:
    """Each takes half a second: one after the other would be 100 s."""
    under_way, most, lock = 0, 0, threading.Lock()
    fine = reply()

    def slowly(connection: Any, request: bytes) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.5)
        with lock:
            under_way -= 1
        fine(connection, request)

    with serving(slowly) as peer:
        for number in range(200):
            make_check(environment, key=f"c{number}", **http(peer.port))
        threads = threading.active_count()
        began = time.monotonic()
        assert run(AT) == 200
        took = time.monotonic() - began
        assert peer.connections == 200
    assert HealthCheck.objects.filter(settled="UP", last_ok=True).count() == 200
    assert most > 50
    assert took < 10
    assert threading.active_count() <= threads + 200  # the peer's own; the checks have none


def test_a_server_that_hangs_delays_nobody_else(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "WAVE_SECONDS", 0.2)
    seen: list[tuple[float, int]] = []
    settled, began = checking._settled, time.monotonic()

    def watched(done: Any, now: Any) -> int:
        seen.append((time.monotonic() - began, len(done)))
        return settled(done, now)

    monkeypatch.setattr(checking, "_settled", watched)
    stopped = threading.Event()

    def hangs(*_: object) -> None:
        stopped.wait(5)

    with serving(reply()) as fine, serving(hangs) as hanging:
        make_check(environment, key="fine", **http(fine.port))
        slow = make_check(environment, key="slow", **http(hanging.port, timeout_seconds=1))
        assert run(AT) == 2
        stopped.set()
    assert next(at for at, count in seen if count) < 0.8
    slow.refresh_from_db()
    assert (slow.settled, slow.last_reason) == ("DOWN", "no answer within 1 s")


def test_a_check_leads_nowhere_that_the_guard_forbids(environment: Environment) -> None:
    with serving(reply()) as peer:
        check = make_check(environment, **http(peer.port))
        services.run_due_checks(at=AT, egress=way_out(allow=()))
        assert peer.connections == 0
    check.refresh_from_db()
    assert "loopback" in check.last_reason


def test_a_probe_that_breaks_is_a_failure_that_says_so(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.monitoring.gateways.tcp.probe", lambda *_: 1 / 0)
    check = make_check(environment)
    assert (run(AT), probe.__module__) == (1, "apps.monitoring.gateways")
    check.refresh_from_db()
    assert check.last_reason == "the check itself broke (ZeroDivisionError); the log says where"
