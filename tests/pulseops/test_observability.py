"""What may leave for Sentry, and what a misplaced secret is told."""

from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.test import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event

from pulseops import observability
from pulseops.checks import published_secrets
from pulseops.observability import SCRUBBED, scrub
from tests.factories import make_flag, make_user


def test_no_credential_leaves() -> None:
    event: Event = {
        "request": {
            "url": "https://ops.example.com/api/v1/evaluate/",
            "method": "POST",
            "headers": {"Authorization": "Bearer s3cret", "X-API-Key": "s3cret", "Cookie": "s3cret", "Accept": "*/*"},
            "cookies": {"sessionid": "s3cret"},
            "data": {"token": "s3cret"},
            "query_string": "token=s3cret",
        }
    }
    scrubbed: Any = scrub(event, {})
    assert "s3cret" not in str(scrubbed)
    assert scrubbed["request"]["headers"]["Authorization"] == SCRUBBED
    assert scrubbed["request"]["headers"]["Accept"] == "*/*"


def test_no_ping_address_leaves() -> None:
    event: Event = {"request": {"url": "https://ops.example.com/ping/pulse_ping_s3cret/fail"}}
    scrubbed: Any = scrub(event, {})
    assert scrubbed["request"]["url"] == f"https://ops.example.com/ping/{SCRUBBED}/fail"


def test_event_without_a_request_passes_whole() -> None:
    event: Event = {"message": "hello"}
    assert scrub(event, {}) == {"message": "hello"}


def test_secret_under_a_published_name_is_warned_of(settings: Any) -> None:
    settings.ENVIRONMENT = {"VITE_SLACK_WEBHOOK_URL": "https://hooks.example.com/x"}
    (warning,) = published_secrets()
    assert "VITE_SLACK_WEBHOOK_URL" in warning.msg
    assert "Rename the variable to SLACK_WEBHOOK_URL" in (warning.hint or "")


def test_plain_names_are_not_warned_of(settings: Any) -> None:
    settings.ENVIRONMENT = {"SLACK_WEBHOOK_URL": "https://hooks.example.com/x"}
    assert published_secrets() == []


def test_sentry_stays_off_without_a_dsn(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentry_sdk.init", lambda **_: pytest.fail("started"))
    settings.SENTRY_DSN = ""
    observability.start()


@pytest.fixture
def reported(settings: Any) -> Iterator[list[str]]:
    """What Sentry would have been sent: the real SDK with a transport that keeps instead of sending."""
    kept: list[str] = []

    class Keeping(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            kept.extend(item.payload.get_bytes().decode() for item in envelope.items if item.type == "event")

    settings.SENTRY_DSN = "https://public@sentry.example.com/1"
    observability.start(transport=Keeping)
    yield kept
    sentry_sdk.init()


@pytest.mark.django_db
def test_expected_refusal_is_not_reported(reported: list[str], client: Client) -> None:
    flag = make_flag(on=True)
    client.force_login(make_user(role="Administrator"))
    address = f"/api/v1/projects/{flag.project.key}/flags/{flag.key}/states/production/"
    stale = {"status": "OFF", "reason": "x", "expected_version": 1}
    answer = client.patch(address, stale, content_type="application/json")
    assert answer.status_code == 409
    assert client.get("/api/v1/projects/nobody/").status_code == 404
    sentry_sdk.flush()
    assert reported == []


@pytest.mark.django_db
def test_unexpected_failure_is_reported_without_credentials(
    reported: list[str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("apps.core.selectors.projects", broken)
    client.force_login(make_user(role="Administrator"))
    client.raise_request_exception = False
    answer = client.get("/api/v1/projects/")
    assert answer.status_code == 500
    sentry_sdk.flush()
    (event,) = reported
    assert "a fault of ours" in event
    assert client.cookies["sessionid"].value not in event
