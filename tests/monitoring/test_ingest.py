"""Sending events and metrics to a serving portal: what is acknowledged is committed, what is refused is told."""

import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection, transaction

from apps.core import clock
from apps.core.models import ApiKey, Environment
from apps.monitoring import services
from apps.monitoring.domain.events import read_event
from apps.monitoring.domain.limits import MAX_BODY_BYTES
from apps.monitoring.domain.values import Window
from apps.monitoring.ingest.bodies import MAX_PACKED_BYTES
from apps.monitoring.models import MetricSample, MetricSeries, RefusedEvent, TrackedEvent
from apps.monitoring.selectors import Cursor, cursor_of, events_after
from apps.monitoring.selectors.events import START
from apps.monitoring.services import samples
from apps.monitoring.services.events import Received
from tests.conftest import OTHERS_SECONDS
from tests.factories import make_key, make_project
from tests.live_server import LivePortal

Send = Callable[..., httpx.Response]
GOOD = {"name": "message_sent", "targeting_key": "u-1", "properties": {"type": "text"}}


@pytest.fixture
def environment(live_portal: LivePortal) -> Environment:
    return make_project().environments.get(key="production")


@pytest.fixture
def send(live_portal: LivePortal, environment: Environment) -> Send:
    """POST with an ingest key of production, or with `token`."""
    ingest = make_key(environment=environment, kind=ApiKey.Kind.INGEST).token

    def post(path: str, body: Any, *, token: str = ingest, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"authorization": f"Bearer {token}", "content-type": "application/json"} | named
        live_portal.catch_up()
        return httpx.post(f"{live_portal.url}{path}", content=content, headers=given, timeout=20)

    return post


def events(environment: Environment) -> list[TrackedEvent]:
    return list(TrackedEvent.objects.filter(environment=environment).order_by("position"))


def test_an_acknowledged_batch_is_in_the_database(send: Send, environment: Environment) -> None:
    before = clock.now()
    answer = send("/api/v1/events", {"events": [GOOD, {**GOOD, "name": "thread\tview\\\n", "anonymous_id": "a-7"}]})
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2, "refused": []})
    first, second = events(environment)
    assert (first.name, first.targeting_key, first.properties) == ("message_sent", "u-1", {"type": "text"})
    assert (second.name, second.anonymous_id) == ("thread\tview\\\n", "a-7")
    assert before <= first.at == first.received_at <= clock.now()


def test_an_event_sent_again_counts_once(send: Send, environment: Environment) -> None:
    once = {**GOOD, "event_id": "order-17", "timestamp": clock.now().isoformat()}
    assert send("/api/v1/events", [once, once]).json()["accepted"] == 2
    assert send("/api/v1/events/", [once]).json()["accepted"] == 1
    assert len(events(environment)) == 1


def test_good_events_land_beside_bad_ones(send: Send, environment: Environment) -> None:
    late = {**GOOD, "timestamp": (clock.now() + timedelta(hours=1)).isoformat()}
    answer = send("/api/v1/events", b'[%s, {"name": "x"}, {"name": "n", "targeting_key": "u", "properties": '
                  b'{"n": NaN}}, %s]' % (json.dumps(GOOD).encode(), json.dumps(late).encode()))  # fmt: skip
    assert answer.status_code == 200
    told = answer.json()
    assert told["accepted"] == 1
    assert [(one["index"], one["field"]) for one in told["refused"]] == [
        (1, "targeting_key"),
        (2, "properties.n"),
        (3, "timestamp"),
    ]
    assert len(events(environment)) == 1
    assert RefusedEvent.objects.earliest("pk").excerpt == '{"name": "x"}'


def test_nothing_good_is_a_bad_request(send: Send, environment: Environment) -> None:
    answer = send("/api/v1/events", [{"name": ""}])
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["refused"][0]["field"] == "name"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b'{"events": 7}', {}, 400),
        (b"[]", {}, 400),
        (b'[{"name":"\\ud800","targeting_key":"u"}]', {}, 400),
        (b"[" * 5_000, {}, 400),
        (b"x" * (MAX_BODY_BYTES + 1), {}, 413),
        (b"no gzip", {"content_encoding": "gzip"}, 400),
        (gzip.compress(b"[]")[:-3], {"content_encoding": "gzip"}, 400),
        (gzip.compress(b" " * 100_000_000), {"content_encoding": "gzip"}, 413),
        (b"x" * (MAX_PACKED_BYTES + 1), {"content_encoding": "gzip"}, 413),
        (zlib.compress(b"[]"), {"content_encoding": "deflate"}, 415),
    ],
    ids=[
        "empty",
        "half",
        "no list",
        "nothing",
        "surrogate",
        "deep",
        "large",
        "no gzip",
        "cut gzip",
        "bomb",
        "large gzip",
        "deflate",
    ],
)
def test_bad_bodies_get_a_clear_answer(send: Send, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = send("/api/v1/events", body, **headers)
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert not TrackedEvent.objects.filter(name="\\ud800").exists()


def test_a_packed_body_is_unpacked(send: Send, environment: Environment) -> None:
    assert (
        send("/api/v1/events", gzip.compress(json.dumps([GOOD]).encode()), content_encoding="gzip").status_code == 200
    )
    assert len(events(environment)) == 1


@pytest.mark.parametrize(
    ("kind", "sends_events", "sends_metrics"),
    [("INGEST", 200, 200), ("CLIENT", 200, 403), ("SERVER", 200, 200), ("MANAGEMENT", 403, 403)],
)
def test_who_may_send_what(
    send: Send, environment: Environment, kind: str, sends_events: int, sends_metrics: int
) -> None:
    token = make_key(environment=environment, kind=kind).token
    assert send("/api/v1/events", [GOOD], token=token).status_code == sends_events
    pushed = {"samples": [{"name": "active_users", "value": 3}]}
    assert send("/api/v1/metrics", pushed, token=token).status_code == sends_metrics


def test_without_a_key_nothing_is_taken(send: Send, live_portal: LivePortal) -> None:
    assert send("/api/v1/events", [GOOD], token="pulse_ingest_nothing").status_code == 401
    assert httpx.get(f"{live_portal.url}/api/v1/events").status_code == 405


def test_metrics_as_json_and_as_prometheus_text(send: Send, environment: Environment) -> None:
    pushed = {"samples": [{"name": "memory_used_ratio", "labels": {"host": "a"}, "value": 0.5}]}
    assert send("/api/v1/metrics", pushed).json() == {"accepted": 1, "refused": []}
    text = b'# TYPE http_requests counter\nhttp_requests{code="200"} 12\nactive_users NaN\n'
    answer = send("/api/v1/metrics", text, content_type="text/plain; version=0.0.4")
    assert answer.json()["accepted"] == 1
    assert [one["line"] for one in answer.json()["refused"]] == [3]
    rows = MetricSeries.objects.filter(environment=environment).order_by("name")
    assert [(row.name, row.labels, row.kind) for row in rows] == [
        ("http_requests", {"code": "200"}, "COUNTER"),
        ("memory_used_ratio", {"host": "a"}, "GAUGE"),
    ]
    assert set(MetricSample.objects.filter(series__in=rows).values_list("value", flat=True)) == {12, 0.5}


def read_on(environment: Environment, cursor: Cursor, count: int) -> Sequence[TrackedEvent]:
    """Once no transaction of the whole server is in the way any more; tests beside this one have some, too."""
    deadline = time.monotonic() + OTHERS_SECONDS
    while len(found := events_after(environment.pk, cursor)) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_reader_passes_by_nothing_that_commits_late(send: Send, environment: Environment) -> None:
    """An early transaction that commits last is read all the same, and readers wait for it."""
    send("/api/v1/events", [GOOD])
    (first,) = read_on(environment, START, 1)
    window = Window(clock.now(), timedelta(days=7), timedelta(minutes=5))
    early = [Received(environment.pk, read_event({**GOOD, "name": "early"}, window), clock.now())]
    written, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            services.store_events(received=early)
            written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert written.wait(10)
    send("/api/v1/events", [{**GOOD, "name": "late"}])
    waiting = events_after(environment.pk, cursor_of(first))
    may_commit.set()
    writer.join()
    assert [event.name for event in waiting] == []
    assert [event.name for event in read_on(environment, cursor_of(first), 2)] == ["early", "late"]


# Bad input


def sampled(environment: Environment) -> dict[str, float]:
    rows = MetricSample.objects.filter(series__environment=environment)
    return dict(rows.values_list("series__name", "value"))


def test_samples_that_are_no_numbers_or_of_another_time_are_refused_one_by_one(
    send: Send, environment: Environment
) -> None:
    now = clock.now()
    bad = {
        "nan": b"NaN",
        "plus": b"Infinity",
        "minus": b"-Infinity",
        "huge": b"1e999",
        "text": b'"7"',
        "truth": b"true",
        "nothing": b"null",
    }
    moments = {"early": now - timedelta(days=8), "late": now + timedelta(minutes=10)}
    items = [b'{"name": "%s", "value": %s}' % (name.encode(), value) for name, value in bad.items()]
    items += [
        b'{"name": "%s", "value": 1, "at": "%s"}' % (name.encode(), at.isoformat().encode())
        for name, at in moments.items()
    ]
    items.append(b'{"name": "good", "value": 7}')
    told = send("/api/v1/metrics", b'{"samples": [%s]}' % b", ".join(items)).json()
    assert told["accepted"] == 1
    fields = [(one["index"], one["field"]) for one in told["refused"]]
    assert fields == [(n, "value") for n in range(7)] + [(7, "at"), (8, "at")]
    assert sampled(environment) == {"good": 7}


def test_infinities_in_prometheus_text_are_refused_by_line(send: Send, environment: Environment) -> None:
    text = b"good 7\na +Inf\nb -Inf\nc NaN\n"
    told = send("/api/v1/metrics", text, content_type="text/plain").json()
    assert (told["accepted"], [one["line"] for one in told["refused"]]) == (1, [2, 3, 4])
    assert sampled(environment) == {"good": 7}


def test_a_label_bomb_is_refused_and_the_sample_beside_it_lands(send: Send, environment: Environment) -> None:
    bombs: list[dict[str, Any]] = [
        {"name": "many", "value": 1, "labels": {f"l{n}": "x" for n in range(33)}},
        {"name": "long", "value": 1, "labels": {"l": "x" * 501}},
        {"name": "wide", "value": 1, "labels": {"l" * 101: "x"}},
        {"name": "nul", "value": 1, "labels": {"l": "a\0b"}},
        {"name": "deep", "value": 1, "labels": {"l": {"l": "x"}}},
        {"name": "n" * 201, "value": 1},
    ]
    told = send("/api/v1/metrics", {"samples": [*bombs, {"name": "good", "value": 7}]}).json()
    assert (told["accepted"], [one["index"] for one in told["refused"]]) == (1, [0, 1, 2, 3, 4, 5])
    assert sampled(environment) == {"good": 7}


def test_a_push_of_ever_new_labels_ends_at_the_limit(
    send: Send, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "MAX_SERIES", 5)
    bomb = [{"name": "visits", "labels": {"user": f"u-{n}"}, "value": 1} for n in range(50)]
    told = send("/api/v1/metrics", {"samples": bomb}).json()
    assert (told["accepted"], len(told["refused"])) == (5, 45)
    assert "5 are allowed" in told["refused"][0]["reason"]
    assert MetricSeries.objects.filter(environment=environment).count() == 5
    assert send("/api/v1/metrics", {"samples": bomb[:50]}).json()["accepted"] == 5  # the known ones go on


def test_a_body_that_is_sent_by_half_stores_nothing(
    send: Send, live_portal: LivePortal, environment: Environment
) -> None:
    """The connection ends in the middle: nobody is answered, and the portal goes on."""
    token = make_key(environment=environment, kind=ApiKey.Kind.INGEST).token
    live_portal.catch_up()
    body = json.dumps([GOOD] * 50).encode()
    lines = (
        "POST /api/v1/events HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {token}",
        f"Content-Length: {len(body)}",
    )
    head = "\r\n".join((*lines, "", ""))
    address = httpx.URL(live_portal.url)
    with socket.create_connection((address.host, address.port or 80), timeout=20) as half:
        half.sendall(head.encode() + body[: len(body) // 2])
        time.sleep(0.2)
    assert send("/api/v1/events", [GOOD]).status_code == 200
    assert len(events(environment)) == 1
