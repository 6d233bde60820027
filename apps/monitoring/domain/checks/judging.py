"""What a probe's answer is worth, held against the check's assertions. The probing itself is done by gateways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from apps.monitoring.domain.bodies import decode_json
from apps.monitoring.domain.values import Refusal

from .jsonpath import same_json
from .kinds import HttpCheck, JsonAssertion, Operator, PostgresCheck, RedisCheck, TcpCheck, TlsCheck

_SHOWN: Final = 100  # characters of a text or a value in a reason
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result of a check."""

    ok: bool
    reason: str  # for people; empty when all is well
    latency_seconds: float | None  # None: there was no answer
    detail: str = ""  # what was seen, for people, good or bad
    measures: Mapping[str, float] = field(default_factory=dict)  # by metric name, besides what every check measures


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: bytes
    latency_seconds: float
    is_cut: bool = False  # the body was longer than is read


def no_answer(reason: str) -> Outcome:
    """Such as "connection refused" or "no answer within 10 s"."""
    return Outcome(ok=False, reason=reason, latency_seconds=None)


def judge_http(check: HttpCheck, answer: HttpAnswer) -> Outcome:
    reason = (
        _wrong_status(check, answer)
        or _wrong_text(check, answer)
        or _wrong_json(check, answer)
        or _too_slow(check.latency_limit_seconds, answer.latency_seconds)
    )
    return Outcome(not reason, reason, answer.latency_seconds, f"status {answer.status}")


def judge_connected(check: TcpCheck | PostgresCheck | RedisCheck, latency_seconds: float) -> Outcome:
    """It answered; how long that took is all there is to judge."""
    reason = _too_slow(check.latency_limit_seconds, latency_seconds)
    return Outcome(not reason, reason, latency_seconds)


def judge_certificate(check: TlsCheck, *, ends_at: datetime, at: datetime, latency_seconds: float) -> Outcome:
    """How long the certificate is still good; whether it is the right one, the handshake has told."""
    left = ends_at - at
    detail = f"certificate ends {ends_at:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta(0):
        return Outcome(ok=False, reason="the certificate has expired", latency_seconds=latency_seconds, detail=detail)
    if left < timedelta(days=check.days):
        reason = f"the certificate ends in {_days(left.days)}, sooner than in {_days(check.days)}"
        return Outcome(ok=False, reason=reason, latency_seconds=latency_seconds, detail=detail)
    return Outcome(ok=True, reason="", latency_seconds=latency_seconds, detail=detail)


def _wrong_status(check: HttpCheck, answer: HttpAnswer) -> str:
    if answer.status in check.expected_status:
        return ""
    return f"status {answer.status}, expected {_ranges(check.expected_status)}"


def _wrong_text(check: HttpCheck, answer: HttpAnswer) -> str:
    if not check.contains and not check.lacks:
        return ""
    body = answer.body.decode(errors="replace")
    for text in check.contains:
        if text not in body:
            return f"the body does not contain {_shown(text)}{_cut(answer)}"
    for text in check.lacks:
        if text in body:
            return f"the body contains {_shown(text)}"
    if check.lacks and answer.is_cut:
        return "the body is too long to tell what it does not contain"
    return ""


def _wrong_json(check: HttpCheck, answer: HttpAnswer) -> str:
    if not check.json:
        return ""
    try:
        document = decode_json(answer.body)
    except Refusal:
        return f"the body is not JSON{_cut(answer)}"
    return next(filter(None, (_broken(assertion, document) for assertion in check.json)), "")


def _too_slow(limit: float | None, latency: float) -> str:
    if limit is None or latency <= limit:
        return ""
    return f"took {latency * 1000:,.0f} ms, more than {limit * 1000:,.0f} ms"


def _broken(assertion: JsonAssertion, document: object) -> str:
    """Why the document is not as asserted; empty when it is."""
    path, found = assertion.path.text, assertion.path.find(document)
    if assertion.operator is Operator.ABSENT:
        return f"{path} is there: {_shown(found[0])}" if found else ""
    if not found:
        return f"{path} is not there"
    wrong = next((value for value in found if not _holds(assertion, value)), _MISSING)
    if wrong is _MISSING:
        return ""
    return f"{path} is {_shown(wrong)}, expected {_WORDS[assertion.operator]}{_shown(assertion.value)}"


def _holds(assertion: JsonAssertion, value: object) -> bool:
    match assertion.operator:
        case Operator.EQUALS:
            return same_json(value, assertion.value)
        case Operator.NOT_EQUALS:
            return not same_json(value, assertion.value)
        case Operator.AT_LEAST | Operator.AT_MOST:
            return _is_beyond(assertion.operator, value, assertion.value)
    return True


def _is_beyond(operator: Operator, value: object, limit: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(limit, int | float):
        return False
    return value >= limit if operator is Operator.AT_LEAST else value <= limit


_WORDS: Final = {
    Operator.EQUALS: "",
    Operator.NOT_EQUALS: "anything but ",
    Operator.AT_LEAST: "at least ",
    Operator.AT_MOST: "at most ",
}


def _cut(answer: HttpAnswer) -> str:
    return f", as far as it was read ({len(answer.body):,} bytes)" if answer.is_cut else ""


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _shown(value: object) -> str:
    if isinstance(value, dict | list):  # may be nested too deep to write out
        return "an object" if isinstance(value, dict) else "an array"
    text = _LITERALS[value] if value is None or isinstance(value, bool) else repr(value)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return text.encode(errors="backslashreplace").decode().replace("\0", "")


_LITERALS: Final[dict[object, str]] = {None: "null", True: "true", False: "false"}


def _ranges(statuses: frozenset[int]) -> str:
    """200-299, 304"""
    ordered = sorted(statuses)
    starts = [each for each in ordered if each - 1 not in statuses]
    ends = [each for each in ordered if each + 1 not in statuses]
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))
