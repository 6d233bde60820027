"""Configurations of checks: defaults, edges, and everything wrong told at once, by field."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.checks.cron import Cron, parse_zone
from apps.monitoring.domain.checks.fields import InvalidCheck
from apps.monitoring.domain.checks.jsonpath import parse_path
from apps.monitoring.domain.checks.kinds import (
    HeartbeatCheck,
    HttpCheck,
    JsonAssertion,
    Kind,
    Operator,
    Period,
    PostgresCheck,
    RedisCheck,
    ReportedCheck,
    TcpCheck,
    TlsCheck,
)
from apps.monitoring.domain.checks.reading import read_check

URL = "https://example.com/healthz"
LEAST: dict[Kind, dict[str, object]] = {
    Kind.HTTP: {"url": URL},
    Kind.TCP: {"host": "example.com", "port": 22},
    Kind.TLS: {"host": "example.com"},
    Kind.POSTGRES: {"host": "db", "database": "shop", "user": "watch"},
    Kind.REDIS: {"host": "::1"},
    Kind.HEARTBEAT: {"period_seconds": 3600},
    Kind.REPORTED: {"expected_every_seconds": 86_400},
}


def problems(kind: Kind, raw: object) -> dict[str, str]:
    with pytest.raises(InvalidCheck) as refused:
        read_check(kind, raw)
    return {each.field: each.reason for each in refused.value.problems}


def test_what_is_assumed_where_nothing_is_said() -> None:
    assert {kind: read_check(kind, raw) for kind, raw in LEAST.items()} == {
        Kind.HTTP: HttpCheck(
            url=URL,
            method="GET",
            expected_status=frozenset(range(200, 300)),
            contains=(),
            lacks=(),
            json=(),
            latency_limit_seconds=None,
            timeout_seconds=10,
        ),
        Kind.TCP: TcpCheck(host="example.com", port=22, latency_limit_seconds=None, timeout_seconds=10),
        Kind.TLS: TlsCheck(host="example.com", port=443, days=14, timeout_seconds=10),
        Kind.POSTGRES: PostgresCheck(
            host="db", port=5432, database="shop", user="watch", latency_limit_seconds=None, timeout_seconds=10
        ),
        Kind.REDIS: RedisCheck(host="::1", port=6379, database=0, latency_limit_seconds=None, timeout_seconds=10),
        Kind.HEARTBEAT: HeartbeatCheck(schedule=Period(3600), grace_seconds=300),
        Kind.REPORTED: ReportedCheck(expected_every_seconds=86_400, grace_seconds=0),
    }


def test_a_page_with_every_assertion() -> None:
    raw = {
        "url": "http://[::1]:8000/",
        "method": "POST",
        "expected_status": [200, "301-303", "4xx"],
        "contains": ["ok"],
        "lacks": ["error", "Fehler"],
        "json": [
            {"path": "$.status", "operator": "equals", "value": "ok"},
            {"path": "$.queue", "operator": "at_most", "value": 10},
            {"path": "$.id", "operator": "not_equals", "value": 9007199254740993},
            {"path": "$.note", "operator": "equals", "value": None},
            {"path": "$.note"},
        ],
        "latency_limit_seconds": 0.5,
        "timeout_seconds": 3,
    }
    assert read_check(Kind.HTTP, raw) == HttpCheck(
        url="http://[::1]:8000/",
        method="POST",
        expected_status=frozenset({200, 301, 302, 303, *range(400, 500)}),
        contains=("ok",),
        lacks=("error", "Fehler"),
        json=(
            JsonAssertion(parse_path("$.status"), Operator.EQUALS, "ok"),
            JsonAssertion(parse_path("$.queue"), Operator.AT_MOST, 10.0),
            JsonAssertion(parse_path("$.id"), Operator.NOT_EQUALS, 9007199254740993),
            JsonAssertion(parse_path("$.note"), Operator.EQUALS, None),
            JsonAssertion(parse_path("$.note"), Operator.EXISTS),
        ),
        latency_limit_seconds=0.5,
        timeout_seconds=3,
    )


def test_a_heartbeat_by_cron() -> None:
    raw = {"cron": "0 3 * * *", "time_zone": "Europe/Berlin", "grace_seconds": 0}
    assert read_check(Kind.HEARTBEAT, raw) == HeartbeatCheck(
        schedule=Cron("0 3 * * *", parse_zone("Europe/Berlin")), grace_seconds=0
    )
    assert read_check(Kind.HEARTBEAT, {"cron": "0 3 * * *"}) == HeartbeatCheck(
        schedule=Cron("0 3 * * *", parse_zone("UTC")), grace_seconds=300
    )


def test_everything_wrong_is_told_at_once() -> None:
    raw = {
        "method": "TRACE",
        "expected_status": "ok",
        "json": [{"path": "$"}, {"path": "$..a"}],
        "timeout_seconds": 0,
        "follow": True,
    }
    assert problems(Kind.HTTP, raw).keys() == {
        "url",
        "method",
        "expected_status",
        "json[1].path",
        "timeout_seconds",
        "follow",
    }


@pytest.mark.parametrize("raw", [None, [], "x", 7])
@pytest.mark.parametrize("kind", Kind)
def test_what_is_no_object_is_refused(kind: Kind, raw: object) -> None:
    assert problems(kind, raw)[""] == "must be an object"


@pytest.mark.parametrize(
    ("kind", "changes", "field", "words"),
    [
        *[
            (Kind.HTTP, {"url": url}, "url", words)
            for url, words in [
                (None, "missing"),
                (7, "a text"),
                ("", "0 characters"),
                ("example.com", "an address"),
                ("ftp://example.com", "an address"),
                ("file:///etc/passwd", "an address"),
                ("https://", "an address"),
                ("https:///x", "an address"),
                ("https://example.com:99999/", "an address"),
                ("https://example.com:0/", "an address"),
                ("https://[::1/", "an address"),
                ("https://exa mple.com/", "an address"),
                ("https://example.com/\r\nX: 1", "an address"),
                ("https://example.com\\@evil.test/", "an address"),
                ("https://anna:secret@example.com/", "a user or a password"),
                ("https://anna@example.com/", "a user or a password"),
                ("https://example.com/" + "x" * 2000, "2,020 characters"),
            ]
        ],
        (Kind.HTTP, {"method": "get"}, "method", "one of GET"),
        (Kind.HTTP, {"method": "HEAD", "contains": ["x"]}, "method", "about the body"),
        *[
            (Kind.HTTP, {"expected_status": status}, field, words)
            for status, field, words in [
                (99, "expected_status", "such as 204"),
                (600, "expected_status", "such as 204"),
                (True, "expected_status", "such as 204"),
                (200.0, "expected_status", "such as 204"),
                ("2XX", "expected_status", "such as 204"),
                ("6xx", "expected_status", "such as 204"),
                ("300-200", "expected_status", "ends before"),
                ([], "expected_status", "no status"),
                ([200, "x"], "expected_status[1]", "such as 204"),
                ([[200]], "expected_status[0]", "such as 204"),
                ([200] * 21, "expected_status", "21 entries; 20"),
            ]
        ],
        (Kind.HTTP, {"contains": "x"}, "contains", "a list"),
        (Kind.HTTP, {"contains": ["x", ""]}, "contains[1]", "0 characters"),
        (Kind.HTTP, {"lacks": ["x"] * 11}, "lacks", "11 entries"),
        (Kind.HTTP, {"json": [7]}, "json[0]", "an object"),
        (Kind.HTTP, {"json": [{}]}, "json[0].path", "a text"),
        (Kind.HTTP, {"json": [{"path": "$", "operator": "is"}]}, "json[0].operator", "one of exists"),
        (Kind.HTTP, {"json": [{"path": "$", "operator": {}}]}, "json[0].operator", "one of exists"),
        (Kind.HTTP, {"json": [{"path": "$", "value": 1}]}, "json[0].value", "does not go with exists"),
        (Kind.HTTP, {"json": [{"path": "$", "operator": "equals"}]}, "json[0].value", "missing"),
        (Kind.HTTP, {"json": [{"path": "$", "operator": "equals", "value": []}]}, "json[0].value", "true, false"),
        (Kind.HTTP, {"json": [{"path": "$", "operator": "at_least", "value": "1"}]}, "json[0].value", "a number"),
        (Kind.HTTP, {"json": [{"path": "$", "op": "equals"}]}, "json[0].op", "not known"),
        (Kind.HTTP, {"latency_limit_seconds": 0}, "latency_limit_seconds", "from 0.001 to 60"),
        (Kind.HTTP, {"timeout_seconds": float("nan")}, "timeout_seconds", "finite"),
        (Kind.HTTP, {"timeout_seconds": True}, "timeout_seconds", "a number"),
        (Kind.TCP, {"host": "exam ple"}, "host", "a host name"),
        (Kind.TCP, {"host": "a..b"}, "host", "a host name"),
        (Kind.TCP, {"host": ":::1"}, "host", "a host name"),
        (Kind.TCP, {"host": "x" * 64}, "host", "a host name"),
        (Kind.TCP, {"host": "example.com/path"}, "host", "a host name"),
        (Kind.TCP, {"port": None}, "port", "missing"),
        (Kind.TCP, {"port": 0}, "port", "1 to 65,535"),
        (Kind.TCP, {"port": 65_536}, "port", "1 to 65,535"),
        (Kind.TCP, {"port": "22"}, "port", "whole number"),
        (Kind.TCP, {"port": 22.0}, "port", "whole number"),
        (Kind.TLS, {"days": 0}, "days", "1 to 365"),
        (Kind.POSTGRES, {"user": None}, "user", "missing"),
        (Kind.POSTGRES, {"password": "secret"}, "password", "not known"),
        (Kind.REDIS, {"database": -1}, "database", "0 to 1,000"),
        (Kind.HEARTBEAT, {"period_seconds": None}, "period_seconds", "or cron is needed"),
        (Kind.HEARTBEAT, {"cron": "* * * * *"}, "period_seconds", "and not both"),
        (Kind.HEARTBEAT, {"period_seconds": 9}, "period_seconds", "10 to"),
        (Kind.HEARTBEAT, {"period_seconds": None, "cron": "x"}, "cron", "1 fields"),
        (
            Kind.HEARTBEAT,
            {"period_seconds": None, "cron": "* * * * *", "time_zone": "Mars"},
            "time_zone",
            "a time zone",
        ),
        (Kind.HEARTBEAT, {"time_zone": "UTC"}, "time_zone", "goes with cron"),
        (Kind.HEARTBEAT, {"grace_seconds": -1}, "grace_seconds", "0 to"),
        (Kind.REPORTED, {"expected_every_seconds": 0}, "expected_every_seconds", "1 to"),
    ],
)
def test_what_is_refused(kind: Kind, changes: dict[str, object], field: str, words: str) -> None:
    found = problems(kind, LEAST[kind] | changes)
    assert list(found) == [field]
    assert words in found[field]


@pytest.mark.parametrize("host", ["localhost", "a.b.", "10.0.0.1", "2001:db8::1", "my_host", "x" * 63 + ".de"])
def test_hosts_that_are_taken(host: str) -> None:
    assert read_check(Kind.TLS, {"host": host})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
JSON = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)


@given(st.sampled_from(Kind), st.data())
def test_whatever_comes_is_read_or_refused(kind: Kind, data: st.DataObject) -> None:
    names = [
        "url",
        "method",
        "expected_status",
        "contains",
        "json",
        "host",
        "port",
        "cron",
        "time_zone",
        "grace_seconds",
    ]
    raw = LEAST[kind] | data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=4))
    with suppress(InvalidCheck):
        config = read_check(kind, raw)
        assert None not in [getattr(config, name, "") for name in ("url", "host", "schedule", "grace_seconds")]
