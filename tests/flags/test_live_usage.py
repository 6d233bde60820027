"""Counting evaluations: exact under threads, and nothing lost while PostgreSQL is away."""

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from apps.core.live.flusher import Flusher
from apps.core.live.keyring import keyring
from apps.core.models import ApiKey
from apps.flags.domain.engine.outcome import ErrorCode, Outcome, Reason, failed, served
from apps.flags.live import usage as live
from apps.flags.live.usage import Usage
from apps.flags.models import FlagUsage
from pulseops import wiring
from tests.factories import make_flag
from tests.flags.ofrep import Asker

AT = datetime(2026, 3, 2, 10, 59, 30, tzinfo=UTC)
HOUR = AT.replace(minute=0, second=0)


def outcome(variant: str) -> Outcome:
    return served("it", variant, variant == "on", Reason.SPLIT, {})


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """The interpreter changes threads as often as it can."""
    kept = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(kept)


@pytest.mark.usefixtures("hasty_threads")
def test_counts_are_exact_under_threads() -> None:
    usage, on, off = Usage(), outcome("on"), outcome("off")

    def serve() -> None:
        for _ in range(5_000):
            usage.count(1, (on,))
            usage.count(2, [on, off])

    threads = [threading.Thread(target=serve) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        usage.waiting(at=AT)  # a flush in between
    everything = {(1, "it", "on"): 40_000, (2, "it", "on"): 40_000, (2, "it", "off"): 40_000}
    assert usage.waiting(at=AT) == {HOUR: everything}
    assert usage.total == 120_000


def test_the_same_variant_from_two_rulesets_is_one_count() -> None:
    usage = Usage()
    for _ in range(2):
        usage.count(1, [outcome("on")])  # compiled anew: another object
    assert usage.waiting(at=AT) == {HOUR: {(1, "it", "on"): 2}}


def test_an_error_is_an_evaluation_but_serves_no_variant() -> None:
    usage = Usage()
    usage.count(1, [failed("it", ErrorCode.TARGETING_KEY_MISSING, "no key")])
    assert usage.waiting(at=AT) == {HOUR: {}}
    assert usage.total == 1


def test_what_was_written_is_not_written_again() -> None:
    usage = Usage()
    usage.count(1, [outcome("on")])
    usage.waiting(at=AT)
    usage.written(HOUR)
    assert usage.waiting(at=AT) == {}


def test_counts_were_made_by_now_or_by_the_end_of_their_hour() -> None:
    assert Usage.last_moment(HOUR, at=AT) == AT
    assert Usage.last_moment(HOUR, at=AT + timedelta(hours=3)) == HOUR.replace(minute=59, second=59)


def test_hours_that_could_not_be_written_wait_and_the_oldest_are_given_up(caplog: pytest.LogCaptureFixture) -> None:
    usage = Usage()
    for hour in range(live.HOURS_KEPT + 1):
        usage.count(1, [outcome("on")])
        waiting = usage.waiting(at=AT + timedelta(hours=hour))
    assert (len(waiting), min(waiting)) == (live.HOURS_KEPT, HOUR + timedelta(hours=1))
    assert "not counted" in caplog.text


@pytest.fixture
def asker(db: None, monkeypatch: pytest.MonkeyPatch) -> Asker:
    usage = Usage()
    monkeypatch.setattr("apps.flags.ofrep.evaluation.usage", usage)
    monkeypatch.setattr("pulseops.wiring.usage", usage)
    keyring.take_used()
    asker = Asker()
    make_flag(project=asker.project, key="it", on=True)
    make_flag(project=asker.project, key="ramp", rolling_out=True)
    return asker


def rows(asker: Asker) -> dict[tuple[str, str], int]:
    used = FlagUsage.objects.filter(environment=asker.environment)
    return {(row.flag.key, row.variant): row.count for row in used.select_related("flag")}


def test_single_and_bulk_evaluations_are_written_at_a_flush(asker: Asker) -> None:
    for _ in range(3):
        asker.single("it")
    asker.bulk()
    asker.single("nothing")
    wiring.flusher().flush()
    assert rows(asker) == {("it", "on"): 4}
    wiring.flusher().flush()
    assert rows(asker) == {("it", "on"): 4}


def test_an_answer_from_the_clients_own_copy_is_no_evaluation(asker: Asker) -> None:
    etag = asker.bulk().headers["etag"]
    asker.bulk(headers=asker.headers | {"if-none-match": etag})
    wiring.flusher().flush()
    assert rows(asker) == {("it", "on"): 1}


def test_a_flush_notes_when_a_key_was_used(asker: Asker) -> None:
    asker.single("it")
    wiring.flusher().flush()
    assert ApiKey.objects.get().last_used_at is not None


def test_nothing_is_lost_while_postgresql_is_away(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("gone")

    asker.single("it")
    with monkeypatch.context() as patch:
        patch.setattr("apps.flags.services.add_usage", away)
        patch.setattr("apps.core.services.mark_keys_used", away)
        wiring.flusher().flush()
    asker.single("it")
    wiring.flusher().flush()
    assert rows(asker) == {("it", "on"): 2}
    assert ApiKey.objects.get().last_used_at is not None


def test_a_flusher_writes_once_more_when_it_is_stopped(db: None) -> None:
    written: list[datetime] = []
    flusher = Flusher([written.append], seconds=3_600)
    flusher.start()
    flusher.stop()
    flusher.join()
    assert len(written) == 1


def test_a_write_that_fails_does_not_stop_the_next_one(caplog: pytest.LogCaptureFixture) -> None:
    written: list[datetime] = []
    Flusher([lambda at: 1 / 0, written.append], seconds=1).flush()  # type: ignore[list-item]
    assert len(written) == 1
    assert "ZeroDivisionError" in caplog.text
