"""Event streams over a real socket: news within moments, and an end when there is a reason to end."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from apps.core import asgi, clock
from apps.core import services as core
from apps.core.live import shutdown
from apps.core.models import ApiKey
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.live import streams as live
from apps.flags.live.streams import key_of, streams, token_of
from apps.flags.models import Flag
from apps.flags.ofrep import events
from tests.factories import make_flag, make_key, make_project
from tests.factories.core import ACTOR
from tests.flags.ofrep import BULK, serve
from tests.live_server import LivePortal, live_portal

__all__ = ["live_portal"]
SOON = 2.0  # seconds; far more than it takes, far less than a heartbeat or a poll


class App:
    """A client app: one key, one flag, the stream that it was offered."""

    def __init__(self, portal: LivePortal) -> None:
        self.portal = portal
        self.project = make_project()
        self.environment = self.project.environments.get(key="production")
        self.flag: Flag = make_flag(project=self.project, key="it", on=True)
        issued = make_key(environment=self.environment, server=True)
        self.key: ApiKey = issued.key
        self.headers = {"x-api-key": issued.token}
        portal.catch_up()

    def bulk(self, query: str = "") -> Any:
        answer = httpx.post(f"{self.portal.url}{BULK}{query}", json={}, headers=self.headers)
        assert answer.status_code == 200
        return answer.json()

    def stream_url(self) -> str:
        return str(self.bulk()["eventStreams"][0]["url"])

    def toggle(self, status: FlagStatus) -> None:
        serve(self.flag, status=status)


@pytest.fixture
def app(live_portal: LivePortal) -> App:
    return App(live_portal)


class Listener:
    """One open stream, read as far as the first events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.iter_lines()

    def event(self) -> dict[str, str]:
        """The next event's fields; comments and `retry` are skipped."""
        fields: dict[str, str] = {}
        for line in self.lines:
            name, _, value = line.partition(": ")
            if not line and "data" in fields:
                return fields
            if name in {"event", "id", "data"}:
                fields[name] = value
        raise EOFError

    def wait_for_end(self) -> None:
        assert all(line in {"", ":", "retry: 3000"} for line in self.lines)


@pytest.fixture
def listening(app: App) -> Iterator[Any]:
    with httpx.Client(timeout=SOON) as client:
        opened = []

        def listen(url: str, **headers: str) -> Listener:
            request = client.build_request("GET", url, headers={"origin": "https://shop.example.com"} | headers)
            listener = Listener(client.send(request, stream=True))
            opened.append(listener)  # a generator that nobody holds would close the stream
            assert listener.response.status_code == 200
            assert next(listener.lines) == "retry: 3000"
            return listener

        yield listen
        for listener in opened:
            listener.response.close()


def test_a_stream_is_open_to_browsers_and_never_cached(app: App, listening: Any) -> None:
    headers = listening(app.stream_url()).response.headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
    assert headers["access-control-allow-origin"] == "*"


def test_a_toggle_tells_clients_to_ask_again(app: App, listening: Any) -> None:
    listener = listening(app.stream_url())
    before = time.time()
    app.toggle(FlagStatus.OFF)
    event = listener.event()
    data = json.loads(event["data"])
    assert event["event"] == "message"
    assert data["type"] == "refetchEvaluation"
    assert data["etag"] == event["id"]
    assert isinstance(data["lastModified"], int)
    assert time.time() - before < SOON
    assert app.bulk(f"?flagConfigEtag={data['etag']}")["flags"][0]["value"] is False


@pytest.fixture
def deaf(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process hears no notices and does not poll: as when its notice is still on the way."""
    settings.SNAPSHOT_POLL_SECONDS = 3_600
    monkeypatch.setattr("apps.core.bus._publish", lambda message: None)


@pytest.mark.usefixtures("deaf")
def test_a_client_that_knows_more_than_the_process_makes_it_look(app: App) -> None:
    """Another process told it of the change, and its question arrived here before the notice did."""
    version = app.bulk()["metadata"]["version"]
    app.toggle(FlagStatus.OFF)
    assert app.bulk(f"?flagConfigEtag={version}-00000000")["flags"][0]["value"] is True
    assert app.bulk(f"?flagConfigEtag={version + 1}-00000000")["flags"][0]["value"] is False


def test_news_from_another_environment_is_no_news(app: App, listening: Any) -> None:
    listener = listening(app.stream_url())
    make_flag(project=make_project(), key="elsewhere", on=True)
    app.toggle(FlagStatus.OFF)
    assert listener.event()["id"].startswith(f"{app.bulk()['metadata']['version']}-")


def test_what_happened_before_the_stream_opened_is_told_at_once(app: App, listening: Any) -> None:
    url = app.stream_url()
    app.toggle(FlagStatus.OFF)
    app.portal.catch_up()
    assert listening(url).event()["id"] == app.stream_url().partition("since=")[2]


def test_after_a_reconnect_only_what_was_missed_is_told(app: App, listening: Any) -> None:
    url = app.stream_url()
    app.toggle(FlagStatus.OFF)
    app.portal.catch_up()
    seen = app.stream_url().partition("since=")[2]
    listener = listening(url, **{"last-event-id": seen})
    app.toggle(FlagStatus.ON)
    assert listener.event()["id"] != seen


def test_an_idle_stream_has_a_heartbeat(app: App, listening: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.05)
    listener = listening(app.stream_url())
    assert [next(listener.lines) for _ in range(4)] == ["", ":", "", ":"]


def test_a_revoked_key_ends_its_streams(app: App, listening: Any) -> None:
    url = app.stream_url()
    listener = listening(url)
    core.revoke_key(key_id=app.key.pk, actor=ACTOR, at=clock.now())
    listener.wait_for_end()
    assert httpx.get(url).status_code == 401


def test_an_expired_key_ends_its_streams(app: App, listening: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.05)
    expires_at = clock.now() + timedelta(seconds=1)
    issued = make_key(environment=app.environment, server=True, expires_at=expires_at)
    app.headers = {"x-api-key": issued.token}
    app.portal.catch_up()
    listening(app.stream_url()).wait_for_end()
    assert clock.now() >= expires_at


def test_shutdown_ends_every_stream_in_time(app: App, listening: Any) -> None:
    listeners = [listening(app.stream_url()) for _ in range(5)]
    before = time.monotonic()
    shutdown.begin()
    for listener in listeners:
        listener.wait_for_end()
    assert time.monotonic() - before < SOON
    answer = httpx.get(app.stream_url())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_client_that_leaves_is_forgotten(app: App) -> None:
    with httpx.stream("GET", app.stream_url()) as response:
        lines = response.iter_lines()
        assert next(lines) == "retry: 3000"
        assert len(streams) == 1
    deadline = time.monotonic() + SOON
    while len(streams):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("limit", ["STREAMS_PER_PROCESS", "STREAMS_PER_KEY", "STREAMS_PER_ADDRESS"])
def test_the_number_of_streams_is_limited(
    app: App, listening: Any, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(live, limit, 1)
    url = app.stream_url()
    listening(url)
    answer = httpx.get(url)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


def test_a_reader_that_takes_nothing_is_dropped(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket fills up; events meanwhile are one flag, not a queue."""
    monkeypatch.setattr(asgi, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.001)
    monkeypatch.setattr(events, "HEARTBEAT", b":" + b"x" * 1_000_000 + b"\n\n")
    address = httpx.URL(app.stream_url())
    with socket.create_connection((address.host, address.port or 0)) as deaf:
        deaf.sendall(b"GET " + address.raw_path + b" HTTP/1.1\r\nhost: portal\r\n\r\n")
        deadline = time.monotonic() + 5
        while not len(streams):
            assert time.monotonic() < deadline
        while len(streams):
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_stream_is_only_read(app: App, method: str) -> None:
    answer = httpx.request(method, app.stream_url())
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS")


@pytest.mark.parametrize("token", ["", "1", "1-", "-1", "1-abc", "x-abc", "٣-abc", "9" * 30 + "-abc", "1/2"])
def test_a_made_up_token_opens_nothing(app: App, token: str) -> None:
    assert httpx.get(f"{app.portal.url}/ofrep/v1/streams/{token}").status_code == 401


def test_a_token_is_stable_and_bound_to_its_key() -> None:
    assert token_of(7) == token_of(7)
    assert key_of(token_of(7)) == 7
    assert key_of(token_of(7).replace("7-", "8-", 1)) is None


def test_a_token_is_worthless_after_the_secret_changed(settings: Any) -> None:
    token = token_of(7)
    settings.SECRET_KEY = "another" * 10
    assert key_of(token) is None
