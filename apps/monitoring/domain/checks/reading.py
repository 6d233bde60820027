"""A check's configuration from JSON, with everything that is wrong told by field. What it means is in kinds.py."""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from typing import Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from apps.monitoring.domain.values import MISSING, Refusal, read_number, read_object, read_text

from .cron import MAX_LENGTH as MAX_CRON_LENGTH
from .cron import MAX_ZONE_LENGTH, Cron, InvalidCron, parse_cron, parse_zone
from .fields import Fields, InvalidCheck, Problem, each, seconds, text, whole
from .jsonpath import MAX_LENGTH as MAX_PATH_LENGTH
from .jsonpath import InvalidPath, parse_path
from .kinds import (
    CheckConfig,
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

__all__ = ["InvalidCheck", "Problem", "read_check"]

T = TypeVar("T")

METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
MAX_URL = 2_000  # characters
MAX_TEXTS = 10  # texts in contains and in lacks, and assertions about JSON
MAX_TEXT = 1_000  # characters
MAX_PERIOD = 366 * 86_400  # seconds

_DAY = 86_400
_TIMEOUT: Final = ("timeout_seconds", seconds(0.1, 60), 10.0)
_LATENCY: Final = ("latency_limit_seconds", seconds(0.001, 60))
_HOST = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")
_STATUS = re.compile(r"([1-5])xx|([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?", re.ASCII)


def read_check(kind: Kind, raw: object) -> CheckConfig:
    """The configuration of a check of this kind. Raises InvalidCheck."""
    known, read = _KINDS[kind]
    fields = Fields(raw, known)
    config = read(fields)
    fields.finish()
    return config


def _http(fields: Fields) -> HttpCheck:
    method = fields.take("method", _read_method, "GET")
    if method == "HEAD" and any(map(fields.has, ("contains", "lacks", "json"))):
        fields.refuse("method", "must not be HEAD where something is said about the body")
    return HttpCheck(
        url=fields.take("url", _read_url),
        method=method,
        expected_status=fields.take("expected_status", _read_statuses, frozenset(range(200, 300))),
        contains=fields.take("contains", each(MAX_TEXTS, text(MAX_TEXT)), ()),
        lacks=fields.take("lacks", each(MAX_TEXTS, text(MAX_TEXT)), ()),
        json=fields.take("json", each(MAX_TEXTS, _read_assertion), ()),
        latency_limit_seconds=fields.take(*_LATENCY, None),
        timeout_seconds=fields.take(*_TIMEOUT),
    )


def _tcp(fields: Fields) -> TcpCheck:
    return TcpCheck(
        host=fields.take("host", _read_host),
        port=fields.take("port", whole(1, 65_535)),
        latency_limit_seconds=fields.take(*_LATENCY, None),
        timeout_seconds=fields.take(*_TIMEOUT),
    )


def _tls(fields: Fields) -> TlsCheck:
    return TlsCheck(
        host=fields.take("host", _read_host),
        port=fields.take("port", whole(1, 65_535), 443),
        days=fields.take("days", whole(1, 365), 14),
        timeout_seconds=fields.take(*_TIMEOUT),
    )


def _postgres(fields: Fields) -> PostgresCheck:
    return PostgresCheck(
        host=fields.take("host", _read_host),
        port=fields.take("port", whole(1, 65_535), 5432),
        database=fields.take("database", text(63)),
        user=fields.take("user", text(63)),
        latency_limit_seconds=fields.take(*_LATENCY, None),
        timeout_seconds=fields.take(*_TIMEOUT),
    )


def _redis(fields: Fields) -> RedisCheck:
    return RedisCheck(
        host=fields.take("host", _read_host),
        port=fields.take("port", whole(1, 65_535), 6379),
        database=fields.take("database", whole(0, 1_000), 0),
        latency_limit_seconds=fields.take(*_LATENCY, None),
        timeout_seconds=fields.take(*_TIMEOUT),
    )


def _heartbeat(fields: Fields) -> HeartbeatCheck:
    if fields.has("period_seconds") == fields.has("cron"):
        fields.refuse("period_seconds", "or cron is needed, and not both")
    if fields.has("time_zone") and not fields.has("cron"):
        fields.refuse("time_zone", "goes with cron")
    schedule: Period | Cron = Period(fields.take("period_seconds", whole(10, MAX_PERIOD), 0))
    expression = fields.take("cron", _read_cron, "")
    zone = fields.take("time_zone", _read_zone, parse_zone("UTC"))
    if expression:
        schedule = Cron(expression, zone)
    return HeartbeatCheck(schedule=schedule, grace_seconds=fields.take("grace_seconds", whole(0, 30 * _DAY), 300))


def _reported(fields: Fields) -> ReportedCheck:
    return ReportedCheck(
        expected_every_seconds=fields.take("expected_every_seconds", whole(1, MAX_PERIOD)),
        grace_seconds=fields.take("grace_seconds", whole(0, 30 * _DAY), 0),
    )


_PROBED = ("latency_limit_seconds", "timeout_seconds")
_KINDS: Final[Mapping[Kind, tuple[tuple[str, ...], Callable[[Fields], CheckConfig]]]] = {
    Kind.HTTP: (("url", "method", "expected_status", "contains", "lacks", "json", *_PROBED), _http),
    Kind.TCP: (("host", "port", *_PROBED), _tcp),
    Kind.TLS: (("host", "port", "days", "timeout_seconds"), _tls),
    Kind.POSTGRES: (("host", "port", "database", "user", *_PROBED), _postgres),
    Kind.REDIS: (("host", "port", "database", *_PROBED), _redis),
    Kind.HEARTBEAT: (("period_seconds", "cron", "time_zone", "grace_seconds"), _heartbeat),
    Kind.REPORTED: (("expected_every_seconds", "grace_seconds"), _reported),
}


def _read_url(field: str, raw: object) -> str:
    url = read_text(field, raw, MAX_URL)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        parts, port, host = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or port == 0 or re.search(r"[\x00-\x20\x7f\\]", url):
        raise Refusal(field, "must be an address such as https://example.com/healthz")
    if parts.username is not None or parts.password is not None:
        raise Refusal(field, "must not carry a user or a password: everybody who reads the check would see it")
    return url


def _read_method(field: str, raw: object) -> str:
    if raw not in METHODS:
        raise Refusal(field, f"must be one of {', '.join(METHODS)}")
    return str(raw)


def _read_host(field: str, raw: object) -> str:
    host = read_text(field, raw, 253)
    if not _HOST.fullmatch(host) and not _is_ipv6(host):
        raise Refusal(field, "must be a host name or an IP address")
    return host


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def _read_statuses(field: str, raw: object) -> frozenset[int]:
    """A status, a class or a range, or a list of them: 204, "2xx", "200-299", [200, "3xx"]."""
    if not isinstance(raw, list):
        return _read_status(field, raw)
    if not raw:
        raise Refusal(field, "names no status")
    return frozenset[int]().union(*each(20, _read_status)(field, raw))


def _read_status(field: str, raw: object) -> frozenset[int]:
    found = _STATUS.fullmatch(str(raw)) if isinstance(raw, int | str) and not isinstance(raw, bool) else None
    if found is None:
        raise Refusal(field, 'must be a status such as 204, "2xx" or "200-299"')
    hundred, first, last = found.groups()
    span = range(int(hundred) * 100, int(hundred) * 100 + 100) if hundred else range(int(first), int(last or first) + 1)
    if not span:
        raise Refusal(field, "ends before it begins")
    return frozenset(span)


def _read_assertion(field: str, raw: object) -> JsonAssertion:
    item = read_object(field, raw, ("path", "operator", "value"))
    path = _parsed(f"{field}.path", item.get("path"), MAX_PATH_LENGTH, parse_path)
    named = item.get("operator", Operator.EXISTS)
    operator = next((each for each in Operator if each == named), None)
    if operator is None:
        raise Refusal(f"{field}.operator", f"must be one of {', '.join(Operator)}")
    return JsonAssertion(path, operator, _read_expected(f"{field}.value", operator, item))


def _read_expected(field: str, operator: Operator, item: Mapping[str, object]) -> object:
    """Texts, numbers, true, false and null: whoever wants to compare objects names what is in them."""
    if operator in (Operator.EXISTS, Operator.ABSENT):
        if "value" in item:
            raise Refusal(field, f"does not go with {operator}")
        return None
    if "value" not in item:
        raise Refusal(field, MISSING)
    value = item["value"]
    if operator in (Operator.AT_LEAST, Operator.AT_MOST):
        return read_number(field, value)
    if isinstance(value, str):
        return read_text(field, value, MAX_TEXT, at_least=0)
    if isinstance(value, dict | list):
        raise Refusal(field, "must be a text, a number, true, false or null")
    if value is not None and not isinstance(value, bool):
        read_number(field, value)
    return value


def _read_cron(field: str, raw: object) -> str:
    return _parsed(field, raw, MAX_CRON_LENGTH, parse_cron)


def _read_zone(field: str, raw: object) -> ZoneInfo:
    return _parsed(field, raw, MAX_ZONE_LENGTH, parse_zone)


def _parsed(field: str, raw: object, at_most: int, parse: Callable[[str], T]) -> T:
    try:
        return parse(read_text(field, raw, at_most))
    except (InvalidCron, InvalidPath) as error:
        raise Refusal(field, str(error)) from None
