"""Pinging heartbeats over a serving portal, and many pings in one transaction: acknowledged is committed."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from apps.core import clock
from apps.core.domain.keys import digest
from apps.core.models import AuditEntry, Environment
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping
from apps.monitoring.models import HealthCheck, HealthResult, MetricSample
from apps.monitoring.services import MadeCheck
from apps.monitoring.services.hearing import Heard, Hearing
from tests.factories import ACTOR, AT, make_heartbeat, make_project
from tests.live_server import LivePortal

SECOND = timedelta(seconds=1)
Call = Callable[..., httpx.Response]


@pytest.fixture
def environment(transactional_db: None) -> Environment:
    services.make_partitions(at=AT)
    services.make_partitions(at=clock.now())
    return make_project().environments.get(key="production")


@pytest.fixture
def made(environment: Environment) -> MadeCheck:
    """Every minute, with a grace of ten seconds."""
    return make_heartbeat(environment)


@pytest.fixture
def call(live_portal: LivePortal) -> Iterator[Call]:
    with httpx.Client(base_url=live_portal.url, timeout=20) as client:

        def called(path: str, method: str = "GET", **given: object) -> httpx.Response:
            return client.request(method, f"/ping/{path}", **given)  # type: ignore[arg-type]

        yield called


def again(made: MadeCheck) -> HealthCheck:
    made.check.refresh_from_db()
    return made.check


def heard(made: MadeCheck, *told: tuple[float, Ping]) -> list[Heard]:
    return [Heard(digest(made.ping_token), said, AT + seconds * SECOND) for seconds, said in told]


def results() -> list[tuple[float, bool, float | None]]:
    rows = HealthResult.objects.order_by("at").values_list("at", "ok", "latency_seconds")
    return [((at - AT).total_seconds(), ok, latency) for at, ok, latency in rows]


# The address


@pytest.mark.parametrize(("path", "ok"), [("", True), ("/fail", False), ("/start", None)])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_is_pinged_by_get_and_by_post(call: Call, made: MadeCheck, method: str, path: str, ok: bool | None) -> None:
    body = {"content": b"exit 0\n" * 100_000} if method == "POST" else {}
    before = clock.now()
    answer = call(f"{made.ping_token}{path}", method, **body)
    assert (answer.status_code, answer.text) == (200, "OK\n")
    assert (answer.headers["Cache-Control"], answer.headers["Content-Type"]) == (
        "no-store",
        "text/plain; charset=utf-8",
    )
    row = again(made)
    assert row.last_ok is ok
    heard_at = row.started_at if ok is None else row.ended_at
    assert heard_at is not None
    assert before <= heard_at <= clock.now()


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_ping_nothing(call: Call, made: MadeCheck, method: str) -> None:
    answer = call(made.ping_token, method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert again(made).ended_at is None


@pytest.mark.parametrize(
    "path", ["nothing", "x" * 300, "%00", "pulse_ping_", "", "/start", "{token}/", "{token}/done", "{token}/start/"]
)
def test_what_is_no_address_is_not_found(call: Call, made: MadeCheck, path: str) -> None:
    answer = call(path.format(token=made.ping_token))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    told = answer.json()
    assert (told["status"], told["code"], told["detail"]) == (
        404,
        "not_found",
        "There is no heartbeat at this address.",
    )
    assert (again(made).ended_at, again(made).started_at) == (None, None)


def test_whoever_asks_for_many_addresses_that_are_none_has_to_wait(call: Call, made: MadeCheck) -> None:
    """Five a second and a burst of ten; known addresses go on."""
    answers = [call(f"guess-{n}").status_code for n in range(30)]
    assert answers[:10] == [404] * 10
    assert answers[-1] == 429
    assert call(made.ping_token).status_code == 200


def test_one_address_is_pinged_ten_times_a_second_at_most(
    call: Call, made: MadeCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And twenty times at once. Time stands still, so that a busy machine gains no ping."""
    now = time.monotonic()
    monkeypatch.setattr("apps.core.live.rate_limits.time", SimpleNamespace(monotonic=lambda: now))
    answers = [call(made.ping_token) for _ in range(21)]
    assert [answer.status_code for answer in answers[:20]] == [200] * 20
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert int(refused.headers["Retry-After"]) >= 1
    acknowledged = sum(answer.status_code == 200 for answer in answers)
    assert HealthResult.objects.filter(of=made.check, ok=True).count() == acknowledged


def test_a_ping_that_cannot_be_stored_is_refused(call: Call, made: MadeCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr(services, "hear_pings", away)
        answer = call(made.ping_token)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_stored")
    assert int(answer.headers["Retry-After"]) >= 1
    assert again(made).ended_at is None
    assert call(made.ping_token).status_code == 200


def test_a_fault_is_the_pings_own_and_its_address_is_in_no_log(
    call: Call, environment: Environment, made: MadeCheck, caplog: pytest.LogCaptureFixture
) -> None:
    fine = make_heartbeat(environment, key="fine")
    HealthCheck.objects.filter(pk=made.check.pk).update(config={})
    answer = call(made.ping_token)
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert call(fine.ping_token).status_code == 200
    assert f"health check {made.check.pk}" in caplog.text
    assert made.ping_token not in caplog.text


def test_many_jobs_at_once_lose_nothing(live_portal: LivePortal, environment: Environment) -> None:
    jobs = [make_heartbeat(environment, key=f"job-{n}") for n in range(20)]

    def run(made: MadeCheck) -> list[int]:
        with httpx.Client(base_url=live_portal.url, timeout=20) as client:
            words = ["/start", "", "/start", "/fail", ""]
            return [client.get(f"/ping/{made.ping_token}{word}").status_code for word in words]

    with ThreadPoolExecutor(len(jobs)) as threads:
        answers = list(threads.map(run, jobs))
    assert answers == [[200] * 5] * 20
    for made in jobs:
        told = list(HealthResult.objects.filter(of=made.check).order_by("at").values_list("ok", "latency_seconds"))
        assert [ok for ok, _latency in told] == [True, False, True]
        assert [latency is not None for _ok, latency in told] == [True, True, False]
        assert again(made).settled == "UP"


# Many in one transaction


def test_pings_of_one_batch_count_in_their_order(made: MadeCheck) -> None:
    told = [(0, Ping.START), (7, Ping.SUCCESS), (60, Ping.START), (62, Ping.FAIL), (63, Ping.START)]
    assert services.hear_pings(heard=heard(made, *told)) == [Hearing.KEPT] * 5
    assert results() == [(7, True, 7), (62, False, 2)]
    row = again(made)
    assert (row.settled, row.failures_total) == ("DOWN", 1)
    assert (row.started_at, row.ended_at) == (AT + 63 * SECOND, AT + 62 * SECOND)
    assert row.due_at == AT + 73 * SECOND  # the grace after the start


def test_thresholds_are_passed_within_one_batch(environment: Environment) -> None:
    """Two failures in a row are down, two successes in a row are up again; the trail tells both."""
    made = make_heartbeat(environment, failures=2, recoveries=2)
    words = [Ping.SUCCESS, Ping.SUCCESS, Ping.FAIL, Ping.SUCCESS, Ping.FAIL, Ping.FAIL, Ping.SUCCESS, Ping.SUCCESS]
    services.hear_pings(heard=heard(made, *enumerate(words)))
    told = AuditEntry.objects.filter(kind__startswith="monitoring.check_", actor_label="checks").order_by("at")
    assert [(entry.kind, (entry.at - AT).total_seconds()) for entry in told] == [
        ("monitoring.check_down", 5),
        ("monitoring.check_recovered", 7),
    ]
    assert (again(made).settled, again(made).failures_total) == ("UP", 3)
    failures = MetricSample.objects.filter(series__name="health_check_failures_total").order_by("at")
    assert list(failures.values_list("value", flat=True))[-8:] == [0, 0, 1, 1, 2, 3, 3, 3]


def test_what_came_late_changes_nothing(made: MadeCheck) -> None:
    services.hear_pings(heard=heard(made, (10, Ping.SUCCESS), (5, Ping.FAIL), (6, Ping.START)))
    assert results() == [(10, True, None)]
    assert (again(made).settled, again(made).started_at) == ("UP", None)


def test_each_ping_hears_its_own_answer(environment: Environment, made: MadeCheck) -> None:
    broken, other = make_heartbeat(environment, key="broken"), make_heartbeat(environment, key="other")
    HealthCheck.objects.filter(pk=broken.check.pk).update(config={})
    unknown = Heard(digest("nobody"), Ping.SUCCESS, AT)
    batch = [*heard(broken, (0, Ping.SUCCESS)), unknown, *heard(made, (0, Ping.FAIL)), *heard(other, (1, Ping.SUCCESS))]
    assert services.hear_pings(heard=batch) == [Hearing.BROKEN, Hearing.UNKNOWN, Hearing.KEPT, Hearing.KEPT]
    assert (again(made).settled, again(other).settled, again(broken).settled) == ("DOWN", "UP", "NEW")


def test_a_paused_check_hears_and_does_not_count(made: MadeCheck) -> None:
    services.pause_check(check_id=made.check.pk, actor=ACTOR, reason="tests", at=AT)
    assert services.hear_pings(heard=heard(made, (1, Ping.FAIL))) == [Hearing.KEPT]
    assert (results(), again(made).settled) == ([], "PAUSED")


def test_an_archived_check_is_unknown(made: MadeCheck) -> None:
    services.archive_check(check_id=made.check.pk, actor=ACTOR, reason="tests", at=AT)
    assert services.hear_pings(heard=heard(made, (1, Ping.SUCCESS))) == [Hearing.UNKNOWN]


def test_a_batch_takes_as_many_statements_as_one_ping(
    environment: Environment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    jobs = [make_heartbeat(environment, key=f"job-{n}") for n in range(50)]
    services.hear_pings(heard=[one for made in jobs for one in heard(made, (0, Ping.START), (1, Ping.SUCCESS))])
    with django_assert_num_queries(9):
        services.hear_pings(heard=heard(jobs[0], (2, Ping.START), (3, Ping.SUCCESS)))
    with django_assert_num_queries(9):
        services.hear_pings(heard=[one for made in jobs for one in heard(made, (4, Ping.START), (5, Ping.SUCCESS))])


def test_two_processes_that_hear_of_the_same_checks_wait_for_each_other(environment: Environment) -> None:
    """Each in another order; no deadlock, and the later one steps on from what the earlier one wrote."""
    jobs = [make_heartbeat(environment, key=f"job-{n}") for n in range(8)]
    rounds, barrier = 12, threading.Barrier(2)

    def hear(parity: int) -> None:
        try:
            for n in range(rounds):
                barrier.wait(20)
                batch = [one for made in jobs for one in heard(made, (2 * n + parity, Ping.FAIL))]
                services.hear_pings(heard=batch if parity else batch[::-1])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(hear, parity) for parity in (0, 1)]:
            done.result()
    for made in jobs:
        row = again(made)
        assert row.ended_at == AT + (2 * rounds - 1) * SECOND
        assert row.failures_total == HealthResult.objects.filter(of=row).count() >= rounds


def test_a_ping_waits_for_whoever_holds_its_check(call: Call, made: MadeCheck) -> None:
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            HealthCheck.objects.select_for_update().get(pk=made.check.pk)
            waiting = threads.submit(call, made.ping_token)
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        assert waiting.result(10).status_code == 200
