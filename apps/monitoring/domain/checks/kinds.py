"""What is watched and how: one configuration for each kind of check. Reading them from JSON is in reading.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

from .cron import Cron
from .jsonpath import JsonPath


class Kind(StrEnum):
    HTTP = "HTTP"
    TCP = "TCP"
    TLS = "TLS"
    POSTGRES = "POSTGRES"
    REDIS = "REDIS"
    HEARTBEAT = "HEARTBEAT"  # somebody else's job pings us
    REPORTED = "REPORTED"  # our own apps tell


class Operator(StrEnum):
    """What a value in a JSON body must be. Of several values that a path leads to, every one must."""

    EXISTS = "exists"
    ABSENT = "absent"  # the path leads nowhere
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class JsonAssertion:
    path: JsonPath
    operator: Operator
    value: object = None  # JSON; a number for at_least and at_most, nothing for exists and absent


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck:
    url: str
    method: str
    expected_status: frozenset[int]
    contains: tuple[str, ...]  # each of them in the body
    lacks: tuple[str, ...]  # none of them in the body
    json: tuple[JsonAssertion, ...]
    latency_limit_seconds: float | None
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheck:
    host: str
    port: int
    latency_limit_seconds: float | None
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCheck:
    host: str
    port: int
    days: int  # fails when the certificate ends sooner
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCheck:
    """The password is a secret and no part of this."""

    host: str
    port: int
    database: str
    user: str
    latency_limit_seconds: float | None
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisCheck:
    """The password is a secret and no part of this."""

    host: str
    port: int
    database: int
    latency_limit_seconds: float | None
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Period:
    """Due a fixed time after the last one."""

    seconds: int

    def runs_after(self, at: datetime, *, beyond: datetime | None = None) -> Iterator[datetime]:
        """When it is due after one that ended at `at`; only what lies after `beyond`."""
        step = timedelta(seconds=self.seconds)
        first = 1 if beyond is None else max(1, (beyond - at) // step + 1)
        return (at + step * number for number in count(first))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatCheck:
    schedule: Period | Cron
    grace_seconds: int  # after the run is due; also how long a started run may take


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCheck:
    expected_every_seconds: int
    grace_seconds: int


CheckConfig = HttpCheck | TcpCheck | TlsCheck | PostgresCheck | RedisCheck | HeartbeatCheck | ReportedCheck
