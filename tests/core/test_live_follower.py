"""How a process's memory follows the database: by notice, by poll, and through outages."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import redis
from django.db import OperationalError, transaction
from pytest_django import Settings

from apps.core import bus
from apps.core.live.follower import Follower

SOON = 5.0  # seconds


class Source:
    """Notes what it was told."""

    topic = "things"

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []
        self.failure: Exception | None = None

    def refresh(self, facts: Mapping[str, Any]) -> None:
        self.told.append(facts)
        if self.failure:
            raise self.failure


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def follow(transactional_db: None, source: Source) -> Iterator[Callable[[], Follower]]:
    started: list[Follower] = []

    def start() -> Follower:
        started.append(Follower([source]))
        started[-1].start()
        return started[-1]

    yield start
    for follower in started:
        follower.stop()
        follower.join(SOON)
        assert not follower.is_alive()


def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SOON
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_everything_is_loaded_at_the_start(follow: Callable[[], Follower], source: Source) -> None:
    follower = follow()
    assert follower.loaded.wait(SOON)
    assert source.told[0] == {}
    assert follower.hears
    assert Follower.current is follower


def test_a_commit_is_heard_of_before_the_next_poll(
    follow: Callable[[], Follower], source: Source, settings: Settings
) -> None:
    settings.SNAPSHOT_POLL_SECONDS = 3_600
    assert follow().loaded.wait(SOON)
    with transaction.atomic():
        bus.announce("things", thing=7)
        bus.announce("others")
        time.sleep(0.1)
        assert source.told == [{}]
    until(lambda: len(source.told) > 1)
    assert source.told[1] == {"topic": "things", "thing": 7}
    time.sleep(0.1)
    assert len(source.told) == 2


def test_a_rollback_is_not_announced(follow: Callable[[], Follower], source: Source, settings: Settings) -> None:
    settings.SNAPSHOT_POLL_SECONDS = 3_600
    assert follow().loaded.wait(SOON)
    with transaction.atomic():
        bus.announce("things")
        transaction.set_rollback(True)
    time.sleep(0.1)
    assert source.told == [{}]


def test_without_redis_polling_goes_on(
    follow: Callable[[], Follower], source: Source, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(bus, "client", lambda: away)
    settings.SNAPSHOT_POLL_SECONDS = 0.02
    follower = follow()
    until(lambda: len(source.told) >= 3)
    assert follower.loaded.is_set()
    assert not follower.hears


def test_when_redis_comes_back_notices_are_heard_again(
    follow: Callable[[], Follower], source: Source, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    present, away = bus.client(), redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(bus, "client", lambda: away)
    settings.SNAPSHOT_POLL_SECONDS = 0.02
    follower = follow()
    assert follower.loaded.wait(SOON)
    monkeypatch.setattr(bus, "client", lambda: present)
    until(lambda: follower.hears)


@pytest.mark.parametrize("failure", [OperationalError("gone"), RuntimeError("a bug")])
def test_a_failing_load_is_tried_again_and_never_ends_the_thread(
    follow: Callable[[], Follower], source: Source, settings: Settings, failure: Exception
) -> None:
    settings.SNAPSHOT_POLL_SECONDS = 0.02
    source.failure = failure
    follower = follow()
    until(lambda: len(source.told) >= 3)
    assert not follower.loaded.is_set()
    source.failure = None
    assert follower.loaded.wait(SOON)


def test_an_unreadable_notice_means_that_anything_may_have_changed(
    follow: Callable[[], Follower], source: Source, settings: Settings
) -> None:
    settings.SNAPSHOT_POLL_SECONDS = 3_600
    assert follow().loaded.wait(SOON)
    bus.client().publish(bus.CHANNEL, b"\xff{")
    until(lambda: len(source.told) > 1)
    assert source.told[1] == {}


def test_it_stops_within_a_second(follow: Callable[[], Follower]) -> None:
    follower = follow()
    assert follower.loaded.wait(SOON)
    before = time.monotonic()
    follower.stop()
    follower.join(SOON)
    assert time.monotonic() - before < 1.0
    assert Follower.current is None
    assert follower not in threading.enumerate()
