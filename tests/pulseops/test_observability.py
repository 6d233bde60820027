"""What may leave for Sentry, and what a misplaced secret is told."""

from typing import Any

import pytest
from sentry_sdk.types import Event

from pulseops import observability
from pulseops.checks import published_secrets
from pulseops.observability import SCRUBBED, scrub


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
