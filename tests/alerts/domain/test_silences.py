"""When a silence is active, whom it mutes and which ones are refused."""

import pytest

from apps.alerts.domain.labels import Match, Matcher
from apps.alerts.domain.silences import Silence, Standing, silence_problems, silenced_by, standing, would_mute
from tests.alerts.domain.build import A, B, at

QUEUE_A = Matcher("queue", Match.EQUAL, "a")
HOUR = Silence((QUEUE_A,), at(0), at(60))


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (-1, Standing.PENDING),
        (0, Standing.ACTIVE),
        (59.9, Standing.ACTIVE),
        (60, Standing.EXPIRED),
        (61, Standing.EXPIRED),
    ],
)
def test_a_silence_begins_and_ends(minute: float, expected: Standing) -> None:
    assert standing(HOUR, at(minute)) is expected
    assert (silenced_by([HOUR], A, at(minute)) is HOUR) is (expected is Standing.ACTIVE)


def test_it_mutes_whom_its_matchers_choose() -> None:
    assert silenced_by([HOUR], B, at(1)) is None
    assert would_mute(HOUR, [A, B]) == (A,)
    assert would_mute(Silence((Matcher("queue", Match.REGEX, "a|b"),), at(0), at(1)), [A, B]) == (A, B)


def test_of_several_the_one_that_lasts_longest_is_named() -> None:
    longer = Silence((QUEUE_A,), at(-10), at(90))
    assert silenced_by([HOUR, longer], A, at(1)) is longer
    assert silenced_by([longer, HOUR], A, at(1)) is longer


@pytest.mark.parametrize(
    ("silence", "path", "message"),
    [
        (Silence((), at(0), at(60)), "matchers", "match every alert"),
        (Silence((Matcher("queue", Match.REGEX, ".*"),), at(0), at(60)), "matchers", "match every alert"),
        (Silence((Matcher("queue", Match.NOT_EQUAL, "a"),), at(0), at(60)), "matchers", "match every alert"),
        (Silence((Matcher("a b", Match.EQUAL, "a"),), at(0), at(60)), "matchers[0].label", "no name of a label"),
        (Silence((QUEUE_A,), at(10), at(10)), "ends_at", "must be after the start"),
        (Silence((QUEUE_A,), at(-60), at(0)), "ends_at", "must be in the future"),
        (Silence((QUEUE_A,), at(0), at(90 * 24 * 60 + 1)), "ends_at", "at most 90 days after the start"),
    ],
)
def test_what_makes_no_sense_is_named(silence: Silence, path: str, message: str) -> None:
    problems = silence_problems(silence, at(0))
    assert any(place == path and message in words for place, words in problems), problems


def test_a_sound_silence_has_no_problem() -> None:
    assert silence_problems(HOUR, at(0)) == []
    assert silence_problems(Silence((QUEUE_A,), at(0), at(90 * 24 * 60)), at(0)) == []
    not_b = (QUEUE_A, Matcher("zone", Match.NOT_EQUAL, "b"))
    assert silence_problems(Silence(not_b, at(0), at(60)), at(0)) == []
