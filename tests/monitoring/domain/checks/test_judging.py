"""What answers are worth: each assertion alone, broken and kept, and the words people read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.monitoring.domain.checks.judging import (
    HttpAnswer,
    Outcome,
    judge_certificate,
    judge_connected,
    judge_http,
    no_answer,
)
from apps.monitoring.domain.checks.kinds import HttpCheck, Kind, TcpCheck, TlsCheck
from apps.monitoring.domain.checks.reading import read_check

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = b'{"status": "ok", "queue": 3, "live": true, "parts": [{"up": 1}, {"up": 0}], "big": [1], "none": null}'
ANSWER = HttpAnswer(200, BODY, 0.12)


def http(**changes: object) -> HttpCheck:
    check = read_check(Kind.HTTP, {"url": "https://example.com", **changes})
    assert isinstance(check, HttpCheck)
    return check


def about(path: str, operator: str = "exists", **value: object) -> dict[str, object]:
    return {"json": [{"path": path, "operator": operator, **value}]}


def test_a_good_answer() -> None:
    check = http(
        contains=["ok"],
        lacks=["error"],
        json=[
            {"path": "$.status", "operator": "equals", "value": "ok"},
            {"path": "$.queue", "operator": "at_most", "value": 3},
            {"path": "$.queue", "operator": "at_least", "value": 3},
            {"path": "$.live", "operator": "not_equals", "value": 1},
            {"path": "$.parts[*].up"},
            {"path": "$.none", "operator": "equals", "value": None},
            {"path": "$.error", "operator": "absent"},
        ],
        latency_limit_seconds=0.12,
    )
    assert judge_http(check, ANSWER) == Outcome(True, "", 0.12, "status 200")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expected_status": 204}, "status 200, expected 204"),
        ({"expected_status": ["3xx", 201, 202, 404]}, "status 200, expected 201-202, 300-399, 404"),
        ({"contains": ["ok", "fine"]}, "the body does not contain 'fine'"),
        ({"lacks": ["queue"]}, "the body contains 'queue'"),
        ({"latency_limit_seconds": 0.1}, "took 120 ms, more than 100 ms"),
        (about("$.error"), "$.error is not there"),
        (about("$.queue", "absent"), "$.queue is there: 3"),
        (about("$.parts", "absent"), "$.parts is there: an array"),
        (about("$.error", "equals", value=None), "$.error is not there"),
        (about("$.status", "equals", value="good"), "$.status is 'ok', expected 'good'"),
        (about("$.live", "equals", value=1), "$.live is true, expected 1"),
        (about("$.none", "equals", value=False), "$.none is null, expected false"),
        (about("$.status", "not_equals", value="ok"), "$.status is 'ok', expected anything but 'ok'"),
        (about("$.queue", "at_most", value=2), "$.queue is 3, expected at most 2.0"),
        (about("$.queue", "at_least", value=4), "$.queue is 3, expected at least 4.0"),
        (about("$.status", "at_least", value=0), "$.status is 'ok', expected at least 0.0"),
        (about("$.live", "at_least", value=0), "$.live is true, expected at least 0.0"),
        (about("$.parts[*].up", "equals", value=1), "$.parts[*].up is 0, expected 1"),
        (about("$.parts[*].down", "equals", value=1), "$.parts[*].down is not there"),
        # The first that is wrong is told, what is plainest first.
        ({"expected_status": 204, "contains": ["fine"]}, "status 200, expected 204"),
    ],
)
def test_a_broken_assertion(changes: dict[str, object], reason: str) -> None:
    assert judge_http(http(**changes), ANSWER) == Outcome(False, reason, 0.12, "status 200")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json(body: bytes) -> None:
    outcome = judge_http(http(**about("$")), replace(ANSWER, body=body))
    assert (outcome.ok, outcome.reason) == (False, "the body is not JSON")


def test_a_body_that_was_cut_is_not_taken_for_whole() -> None:
    cut = replace(ANSWER, body=BODY[:20], is_cut=True)
    assert judge_http(http(contains=["queue"]), cut).reason == (
        "the body does not contain 'queue', as far as it was read (20 bytes)"
    )
    assert judge_http(http(lacks=["error"]), cut).reason == "the body is too long to tell what it does not contain"
    assert judge_http(http(**about("$")), cut).reason == "the body is not JSON, as far as it was read (20 bytes)"
    assert judge_http(http(contains=["status"]), cut).ok


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a": "%s"}' % (b"x" * 5_000), "..."),
        (b'{"a": "\\ud800\\u0000"}', "ud800"),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", "an array"),
        (b'{"a": NaN}', "nan"),
    ],
)
def test_whatever_was_seen_is_told_in_a_line_that_can_be_kept(body: bytes, words: str) -> None:
    reason = judge_http(http(**about("$.a", "equals", value=1)), replace(ANSWER, body=body)).reason
    assert words in reason
    assert len(reason) < 200
    assert "\0" not in reason.encode().decode()


def test_a_connection_is_judged_by_its_time() -> None:
    check = TcpCheck(host="db", port=5432, latency_limit_seconds=0.2, timeout_seconds=1)
    assert judge_connected(check, 0.2) == Outcome(True, "", 0.2)
    assert judge_connected(check, 1.25) == Outcome(False, "took 1,250 ms, more than 200 ms", 1.25)
    assert judge_connected(replace(check, latency_limit_seconds=None), 30).ok
    assert no_answer("connection refused") == Outcome(False, "connection refused", None)


@pytest.mark.parametrize(
    ("left", "ok", "reason"),
    [
        (timedelta(days=14), True, ""),
        (timedelta(days=14, seconds=-1), False, "the certificate ends in 13 days, sooner than in 14 days"),
        (timedelta(days=1, hours=23), False, "the certificate ends in 1 day, sooner than in 14 days"),
        (timedelta(seconds=1), False, "the certificate ends in 0 days, sooner than in 14 days"),
        (timedelta(0), False, "the certificate has expired"),
        (timedelta(days=-3), False, "the certificate has expired"),
    ],
)
def test_a_certificate_that_ends(left: timedelta, ok: bool, reason: str) -> None:
    check = TlsCheck(host="example.com", port=443, days=14, timeout_seconds=1)
    outcome = judge_certificate(check, ends_at=AT + left, at=AT, latency_seconds=0.1)
    assert (outcome.ok, outcome.reason, outcome.latency_seconds) == (ok, reason, 0.1)
    assert outcome.detail.startswith("certificate ends 2026-")
