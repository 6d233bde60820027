"""Which incident takes an alert in, when it is over, and how long people took: by table."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.alerts.domain.incidents import Next, Times, after_alerts, lasted, opens, takes_in, times, worst
from apps.alerts.domain.rules import Severity

AT = datetime(2026, 1, 5, 3, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return AT - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("severity", "does"), [("info", False), ("warning", False), ("error", True), ("critical", True)]
)
def test_errors_and_worse_open_an_incident(severity: str, does: bool) -> None:
    assert opens(Severity(severity)) is does


@pytest.mark.parametrize(
    ("ended", "does"),
    [
        ([], False),
        ([None], True),
        ([ago(500), None], True),
        ([ago(29)], True),
        ([ago(30)], True),
        ([ago(30.1)], False),
        ([ago(500), ago(10)], True),
        ([ago(0)], True),
    ],
)
def test_an_incident_takes_in_what_comes_within_half_an_hour(ended: list[datetime | None], does: bool) -> None:
    assert takes_in(ended, AT) is does


@pytest.mark.parametrize(
    ("ended", "taken_on", "expected"),
    [
        ([], False, Next.GOES_ON),
        ([], True, Next.GOES_ON),
        ([None], False, Next.GOES_ON),
        ([ago(1), None], True, Next.GOES_ON),
        ([ago(1), ago(0)], False, Next.RESOLVES),
        ([ago(1)], True, Next.WAITS),
    ],
)
def test_when_its_alerts_are_over(ended: list[datetime | None], taken_on: bool, expected: Next) -> None:
    assert after_alerts(ended, taken_on=taken_on) is expected


def test_the_worst_severity() -> None:
    assert worst([Severity.ERROR, Severity.CRITICAL, Severity.INFO]) is Severity.CRITICAL


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ((None, None, None), Times(None, None, None)),
        ((ago(-2), ago(-5), ago(-65)), Times(timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=65))),
        ((None, ago(0), None), Times(None, timedelta(0), None)),
        ((ago(3), None, None), Times(timedelta(0), None, None)),  # an alert attached later was known before
    ],
)
def test_times_count_from_when_it_opened(moments: tuple[datetime | None, ...], expected: Times) -> None:
    acknowledged, acted, resolved = moments
    assert times(AT, acknowledged_at=acknowledged, acted_at=acted, resolved_at=resolved) == expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (3_900, "1 h 5 min"),
        (90_061, "1 d 1 h 1 min"),
        (86_400, "1 d"),
    ],
)
def test_lengths_in_words(seconds: int, words: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == words
