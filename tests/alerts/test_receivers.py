"""Every kind of channel against receivers that fail, hang, redirect and talk nonsense, over a real wire: each time the
notice waits, says what was wrong, and arrives under the same id once the receiver is well."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Notification
from apps.core import egress
from apps.core.models import Environment
from tests.alerts.smtp_sink import sink
from tests.core.egress_peers import Answer, Peer, endless, reply, says, serving
from tests.factories import AT, make_alert, make_channel, make_project
from tests.factories.delivery import WHO

pytestmark = pytest.mark.django_db
ID_OF = {"SLACK": b"PulseOps \xc2\xb7 %s", "WEBHOOK": b"webhook-id: %s", "SENTRY": b"%s"}
Lead = Callable[[str, Peer], None]


def hang(connection: socket.socket, _heard: bytes) -> None:
    connection.settimeout(5)
    connection.recv(1)  # until the sender gives up


def greet_and_hang(connection: socket.socket, _heard: bytes) -> None:
    connection.sendall(b"220 hi\r\n")
    hang(connection, b"")


def drip(connection: socket.socket, _heard: bytes) -> None:
    endless(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", threading.Event(), pause=0.05)(connection, b"")


HOSTILE: dict[str, tuple[Answer, str]] = {
    "fails": (reply("500 Internal Server Error"), "the receiver answered 500"),
    "is busy": (reply("503 Service Unavailable", Retry_After="0"), "the receiver answered 503"),
    "hangs": (hang, "no answer within"),
    "drips": (drip, "no answer within"),
    "redirects": (reply("307 Temporary Redirect", Location="http://169.254.169.254/"), "a redirect, which is not"),
    "redirects to itself": (reply("301 Moved Permanently", Location="/"), "a redirect, which is not followed"),
    "talks nonsense": (says(b"220 mail.example.com ESMTP\r\n"), ""),
    "says nothing": (says(), ""),
    "breaks off": (says(b"HTTP/1.1 200"), ""),
    "floods": (says(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 20_000), ""),
}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def lead(environment: Environment, settings: Any) -> Lead:
    """A channel of this kind to this peer, or the one that is there to another peer."""
    made: list[int] = []

    def to(kind: str, peer: Peer) -> None:
        settings.EGRESS_ALLOW = [f"127.0.0.1:{peer.port}"]
        config: dict[str, Any] = (
            {"dsn": f"http://abc@127.0.0.1:{peer.port}/7"} if kind == "SENTRY" else {"url": peer.url}
        )
        if not made:
            made.append(make_channel(environment.project, kind=kind, **config).pk)
        else:
            services.update_channel(channel_id=made[0], config=config, expected_version=None, **WHO)

    return to


@pytest.mark.parametrize("kind", ["SLACK", "WEBHOOK", "SENTRY"])
@pytest.mark.parametrize("how", HOSTILE)
def test_a_notice_outlives_a_hostile_receiver(
    environment: Environment, lead: Lead, monkeypatch: pytest.MonkeyPatch, kind: str, how: str
) -> None:
    answer, words = HOSTILE[how]
    monkeypatch.setattr("apps.alerts.gateways.posting.LIMITS", egress.Limits(deadline_seconds=0.5, body_limit=2_000))
    with serving(answer) as hostile:
        lead(kind, hostile)
        make_alert(environment)
        assert services.deliver_due(at=AT) == 0
    waiting = Notification.objects.get()
    assert (waiting.status, waiting.attempts) == ("PENDING", 1)
    assert words in waiting.error
    assert waiting.error
    assert waiting.due_at
    assert waiting.channel.enabled
    with serving(reply(body=b"ok")) as well:
        lead(kind, well)
        assert services.deliver_due(at=waiting.due_at) == 1
    name = waiting.dedup_id.hex if kind == "SENTRY" else str(waiting.dedup_id)
    assert ID_OF[kind] % name.encode() in well.heard[0]
    assert Notification.objects.get().status == "SENT"


def mail_by(settings: Any, port: int) -> None:
    settings.SMTP_URL, settings.ALERT_EMAILS = f"smtp://127.0.0.1:{port}?tls=none", ["ann@example.com"]


@contextmanager
def greeting(answer: Answer) -> Iterator[int]:
    """A server that speaks first, as mail servers do; its port."""
    with serving(answer, reads=False) as peer:
        yield peer.port


@contextmanager
def smtp(**answers: str) -> Iterator[int]:
    with sink(answers) as kept:
        yield kept.port


HOSTILE_MAIL: dict[str, Callable[[], AbstractContextManager[int]]] = {
    "hangs before it greets": lambda: greeting(hang),
    "hangs after it greeted": lambda: greeting(greet_and_hang),
    "greets with nonsense": lambda: greeting(says(b"\x00\xff nonsense\r\n")),
    "is a web server": lambda: greeting(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "says nothing": lambda: greeting(says()),
    "has no time": lambda: greeting(says(b"421 later\r\n")),
    "floods": lambda: greeting(says(b"220-" + b"x" * 100_000)),
    "leads elsewhere": lambda: smtp(RCPT="551 try forward-path"),
    "refuses at the end": lambda: smtp(DATA="554 no"),
}


@pytest.mark.parametrize("hostile", HOSTILE_MAIL.values(), ids=HOSTILE_MAIL)
def test_a_mail_outlives_a_hostile_server(
    environment: Environment,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    hostile: Callable[[], AbstractContextManager[int]],
) -> None:
    monkeypatch.setattr("apps.alerts.gateways.email.TIMEOUT_SECONDS", 0.5)
    with hostile() as port:
        mail_by(settings, port)
        make_alert(environment)
        assert services.deliver_due(at=AT) == 0
    waiting = Notification.objects.get()
    assert (waiting.status, waiting.attempts) == ("PENDING", 1)
    assert waiting.error.startswith("the mail server")
    assert waiting.due_at
    with sink() as well:
        mail_by(settings, well.port)
        assert services.deliver_due(at=waiting.due_at) == 1
        assert str(waiting.dedup_id) in well.mails[0]["Message-ID"]
