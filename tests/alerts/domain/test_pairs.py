"""The critical alert of a pair mutes its warning, for the same series and as long as it fires."""

import pytest

from apps.alerts.domain.labels import Labels
from apps.alerts.domain.pairs import Live, live, muted_by
from apps.alerts.domain.rules import Severity
from apps.alerts.domain.starter import ERROR_RATE_CRITICAL, ERROR_RATE_WARNING
from tests.alerts.domain.build import A, B


def alert(severity: Severity, pair: str = "queue", labels: Labels = A) -> Live:
    return Live(f"{pair}_{severity}", severity, pair, labels)


CRITICAL, ERROR, WARNING = alert(Severity.CRITICAL), alert(Severity.ERROR), alert(Severity.WARNING)


def test_the_more_severe_one_mutes_and_is_itself_heard() -> None:
    assert muted_by(WARNING, [WARNING, CRITICAL]) == CRITICAL
    assert muted_by(CRITICAL, [WARNING, CRITICAL]) is None
    assert muted_by(WARNING, [ERROR, CRITICAL, WARNING]) == CRITICAL
    assert muted_by(ERROR, [ERROR, CRITICAL, WARNING]) == CRITICAL


@pytest.mark.parametrize(
    "other",
    [
        alert(Severity.CRITICAL, pair="other"),
        alert(Severity.CRITICAL, labels=B),
        alert(Severity.INFO),
        alert(Severity.WARNING),
    ],
)
def test_others_do_not_mute(other: Live) -> None:
    assert muted_by(WARNING, [other]) is None


def test_rules_without_a_pair_are_no_pair() -> None:
    assert muted_by(alert(Severity.WARNING, pair=""), [alert(Severity.CRITICAL, pair="")]) is None


def test_the_starter_rules_are_pairs() -> None:
    assert muted_by(live(ERROR_RATE_WARNING, A), [live(ERROR_RATE_CRITICAL, A)]) is not None
