"""/healthz, /readyz and /metrics, through Django and, where a whole process is needed, over a real socket."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import redis
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from apps.core import bus, clock, health, services, tasks
from apps.core.live.follower import Follower
from apps.core.live.keyring import keyring
from tests.factories import make_key, make_project
from tests.live_server import LivePortal, live_portal

__all__ = ["live_portal"]


@pytest.fixture
def loaded(db: None) -> Iterator[None]:
    """As in a web process: a follower that has just refreshed, and beat at work."""
    follower = Follower([])
    follower._refresh_all()
    Follower.current = follower
    tasks.beat_tick()
    yield
    Follower.current = None


def checks(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/readyz").json()["checks"]
    return found


def wrong(client: Client) -> set[str]:
    return {name for name, check in checks(client).items() if not check["ok"]}


def test_the_process_answers_without_a_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.usefixtures("loaded")
def test_a_well_process_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert set(answer.json()["checks"]) == {"database", "redis", "migrations", "beat", "snapshots"}
    assert all(check["ok"] and check["detail"] for check in answer.json()["checks"].values())
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("loaded")
def test_a_late_beat_is_noticed(client: Client) -> None:
    services.tick(name="beat", at=clock.now() - timedelta(seconds=61))
    assert client.get("/readyz").status_code == 503
    assert wrong(client) == {"beat"}


@pytest.mark.django_db
def test_a_process_that_never_ticked_nor_loaded_is_not_ready(client: Client) -> None:
    assert wrong(client) == {"beat", "snapshots"}


@pytest.mark.usefixtures("loaded")
def test_an_old_snapshot_is_noticed(client: Client) -> None:
    assert Follower.current
    assert Follower.current.refreshed_at is not None
    Follower.current.refreshed_at -= 11
    assert wrong(client) == {"snapshots"}


@pytest.mark.usefixtures("loaded")
def test_redis_away_is_noticed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(bus, "client", lambda: away)
    assert wrong(client) == {"redis"}


@pytest.mark.usefixtures("loaded")
def test_postgresql_away_is_noticed_and_its_address_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError('connection to server at "10.1.2.3" failed')

    monkeypatch.setattr(health, "_migrated", type(health._migrated)())
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", away)
        answer = client.get("/readyz")
        assert wrong(client) == {"database", "beat", "migrations"}
    assert answer.status_code == 503
    assert "10.1.2.3" not in answer.text


@pytest.mark.usefixtures("loaded")
def test_a_missing_migration_is_noticed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", type(health._migrated)())
    monkeypatch.setattr("apps.core.health.MigrationExecutor.migration_plan", lambda *_: [("flags.0009", False)])
    assert wrong(client) == {"migrations"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_they_are_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def numbers(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_are_open_to_the_own_machine_only_outside_production(client: Client, settings: Settings) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 401
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ({"management": True}, 200),
        ({"writing": True}, 200),
        ({"server": True}, 401),
        ({"management": True, "expired": True}, 401),
    ],
)
def test_metrics_are_open_to_management_keys(
    client: Client, settings: Settings, kind: dict[str, Any], status: int
) -> None:
    settings.PRODUCTION = True
    project = make_project()
    issued = make_key(environment=project.environments.get(key="production"), **kind)
    keyring.refresh({})
    answer = client.get("/metrics", headers={"authorization": f"Bearer {issued.token}"})
    assert answer.status_code == status


def test_metrics_count_requests_by_kind_and_status(live_portal: LivePortal) -> None:
    def count(*labels: str) -> float:
        found = numbers(httpx.get(f"{live_portal.url}/metrics").text)
        return found.get(("pulseops_requests_total", labels), 0.0)

    before = count("healthz", "200"), count("ofrep", "401"), count("other", "404")
    httpx.get(f"{live_portal.url}/healthz")
    httpx.post(f"{live_portal.url}/ofrep/v1/evaluate/flags")
    httpx.get(f"{live_portal.url}/nowhere")
    after = count("healthz", "200"), count("ofrep", "401"), count("other", "404")
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]


def test_metrics_of_a_live_process_name_what_it_serves(live_portal: LivePortal) -> None:
    found = numbers(httpx.get(f"{live_portal.url}/metrics").text)
    names = {name for name, _ in found}
    assert {"pulseops_streams_open", "pulseops_snapshot_age_seconds", "process_resident_memory_bytes"} <= names
    assert found["pulseops_notices_heard", ()] == 1


def test_a_live_process_is_ready_but_for_beat(live_portal: LivePortal) -> None:
    answer = httpx.get(f"{live_portal.url}/readyz")
    wrong = {name for name, check in answer.json()["checks"].items() if not check["ok"]}
    assert (answer.status_code, wrong) == (503, {"beat"})


def test_a_query_that_is_not_ascii_is_refused_quietly(live_portal: LivePortal) -> None:
    address = httpx.URL(live_portal.url)
    with socket.create_connection((address.host, address.port or 0)) as raw:
        raw.sendall(b"GET /?q=\xff HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n\r\n")
        assert raw.recv(64).startswith(b"HTTP/1.1 400")
