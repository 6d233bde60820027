"""What a guard's verdict is worth, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.domain.holds import GuardVerdict, Kept, ago, judge

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def kept(*, green: bool = True, reason: str = "", seconds: float = 60) -> Kept:
    return Kept(green, reason, AT + timedelta(seconds=seconds))


def test_a_guard_that_never_spoke_holds_back() -> None:
    assert judge("errors", None, AT) == GuardVerdict("errors", False, "no verdict yet")


@pytest.mark.parametrize("green", [True, False])
def test_an_expired_verdict_holds_back_whatever_it_was(green: bool) -> None:
    found = judge("errors", kept(green=green, reason="fine", seconds=-200), AT)
    assert found == GuardVerdict("errors", False, "the last verdict expired 3 min ago")


def test_a_verdict_ends_at_its_last_moment() -> None:
    assert not judge("errors", kept(seconds=0), AT).green
    assert judge("errors", kept(seconds=0.001), AT).green


@pytest.mark.parametrize(("green", "reason", "words"), [(True, "", "green"), (False, "", "red"), (False, "4 %", "4 %")])
def test_a_verdict_says_why_or_at_least_its_colour(green: bool, reason: str, words: str) -> None:
    assert judge("errors", kept(green=green, reason=reason), AT) == GuardVerdict("errors", green, words)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (86_400, "1 day"),
        (200_000, "2 days"),
    ],
)
def test_spans_are_told_in_their_largest_whole_unit(seconds: int, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == words
