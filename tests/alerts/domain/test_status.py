"""What a component's state and its days follow from. Values by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.domain import status
from apps.alerts.domain.status import Check, Impact, Spell
from apps.alerts.models import Impact as Stored
from apps.monitoring.domain.checks.standing import State
from apps.monitoring.domain.checks.uptime import Day

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY = date(2026, 3, 10)
OK, PLANNED, SLOW, PART, OUT = Impact
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def check(state: State = State.UP, *days: Day) -> Check:
    return Check(state, days)


def day(ago: int, *, up: float = 0, down: float = 0) -> Day:
    return Day(TODAY - timedelta(days=ago), up, down, 86_400 - up - down)


def test_the_words_of_the_table_and_of_the_domain_are_the_same() -> None:
    assert list(Impact) == Stored.values


@pytest.mark.parametrize(
    ("states", "impact"),
    [
        ([], OK),
        ([State.UP, State.UP], OK),
        ([State.UP, State.FAILING], OK),
        ([State.UP, State.DOWN], PART),
        ([State.DOWN, State.DOWN], OUT),
        ([State.DOWN], OUT),
        ([State.DOWN, State.PAUSED], OUT),
        ([State.NEW, State.PAUSED], OK),
        ([State.DOWN, State.FAILING], PART),
    ],
)
def test_checks_that_are_down_make_an_outage(states: list[State], impact: Impact) -> None:
    assert status.checks_impact([check(state) for state in states]) is impact


@pytest.mark.parametrize(
    ("by_hand", "incidents", "states", "impact"),
    [
        (OK, [], [], OK),
        (SLOW, [], [State.UP], SLOW),
        (PLANNED, [SLOW], [], SLOW),
        (OK, [SLOW, PART], [State.UP], PART),
        (PART, [SLOW], [State.DOWN], OUT),
        (OUT, [OK], [State.UP], OUT),
        (OK, [PLANNED], [State.UP], PLANNED),
    ],
)
def test_a_component_is_as_bad_as_the_worst_word_about_it(
    by_hand: Impact, incidents: list[Impact], states: list[State], impact: Impact
) -> None:
    assert status.component_state(by_hand, incidents, [check(state) for state in states]) is impact


@pytest.mark.parametrize(
    ("states", "incidents", "words"),
    [
        ([], [], "No systems are listed here yet"),
        ([OK, OK], [], "All systems are operational"),
        ([OK, PLANNED], [], "Maintenance is under way"),
        ([OK, OUT, SLOW], [], "There is a major outage"),
        ([OK], [SLOW], "Some systems are slower or less reliable than usual"),
        ([], [PART], "Some systems do not work for everybody"),
    ],
)
def test_one_sentence_for_all(states: list[Impact], incidents: list[Impact], words: str) -> None:
    assert status.sentence(states, incidents) == words


def test_each_update_of_an_incident_counts_until_the_next() -> None:
    told = [(AT - 2 * HOUR, SLOW), (AT - 4 * HOUR, OUT), (AT - HOUR, OK)]
    spells = status.incident_spells(PART, told, opened_at=AT - 5 * HOUR, resolved_at=None, at=AT)
    assert spells == (Spell(OUT, AT - 5 * HOUR, AT - 2 * HOUR), Spell(SLOW, AT - 2 * HOUR, AT - HOUR))


def test_an_incident_that_nobody_wrote_about_counts_as_it_stands_until_it_ends() -> None:
    spells = status.incident_spells(PART, [], opened_at=AT - 5 * HOUR, resolved_at=AT - HOUR, at=AT)
    assert spells == (Spell(PART, AT - 5 * HOUR, AT - HOUR),)


def test_what_people_set_counts_until_they_set_something_else() -> None:
    turns = [(AT - 2 * DAY, OUT, OK), (AT - 3 * DAY, OK, OUT)]
    assert status.spells_by_hand(turns, OK, created_at=AT - 9 * DAY, at=AT) == (Spell(OUT, AT - 3 * DAY, AT - 2 * DAY),)
    assert status.spells_by_hand([], SLOW, created_at=AT - DAY, at=AT) == (Spell(SLOW, AT - DAY, AT),)


@pytest.mark.parametrize(
    ("seen", "impact", "share"),
    [
        (day(1), None, None),
        (day(1, up=100), OK, 1.0),
        (day(1, up=99, down=1), PART, 0.99),
        (day(1, up=1, down=3), OUT, 0.25),
        (day(1, up=50, down=50), PART, 0.5),
    ],
)
def test_a_day_is_as_its_checks_saw_it(seen: Day, impact: Impact | None, share: float | None) -> None:
    found = status.bars([], [check(State.UP, seen)], known_since=AT - 400 * DAY, at=AT)[-2]
    assert (found.day, found.impact, found.share) == (date(2026, 3, 9), impact, share)


def test_without_checks_a_day_is_known_from_the_beginning_of_the_component() -> None:
    bars = status.bars([], [], known_since=AT - DAY, at=AT, days=4)
    assert [one.impact for one in bars] == [None, None, OK, OK]
    assert status.uptime_share([]) is None


def test_a_spell_colours_each_day_that_it_touches_and_the_worst_wins() -> None:
    midnight = datetime(2026, 3, 9, tzinfo=UTC)
    spells = [Spell(SLOW, midnight - HOUR, midnight), Spell(OUT, midnight - DAY, midnight - DAY + HOUR)]
    bars = status.bars(spells, [check(State.UP, day(0, up=9))], known_since=AT, at=AT, days=4)
    assert [one.impact for one in bars] == [None, OUT, None, OK]


def test_a_day_that_no_check_saw_is_known_where_somebody_said_that_it_was_bad() -> None:
    bars = status.bars([Spell(PART, AT - DAY, AT - DAY + HOUR)], [check(State.NEW, day(1))], known_since=AT, at=AT)
    assert [(one.impact, one.share) for one in bars[-2:]] == [(PART, None), (None, None)]


def test_the_share_is_of_all_checks_together() -> None:
    checks = [check(State.UP, day(1, up=90, down=10)), check(State.UP, day(1, up=100), day(0, up=100, down=100))]
    assert status.uptime_share(checks) == 290 / 400


impacts = st.sampled_from(Impact)
past = st.integers(-100 * 24, -1).map(lambda hours: AT + hours * HOUR)
moments = st.integers(-100 * 24, 0).map(lambda hours: AT + hours * HOUR)


@given(st.lists(st.tuples(impacts, past, st.integers(1, 500))), st.booleans())
def test_days_are_complete_and_never_better_than_what_was_said(
    said: list[tuple[Impact, datetime, int]], measured: bool
) -> None:
    spells = [Spell(impact, start, min(AT, start + hours * HOUR)) for impact, start, hours in said]
    checks = [check(State.UP, *(day(ago, up=60) for ago in range(90)))] if measured else []
    bars = status.bars(spells, checks, known_since=AT - 400 * DAY, at=AT)
    assert [one.day for one in bars] == [TODAY - timedelta(days=ago) for ago in reversed(range(90))]
    for one in bars:
        begin = datetime.combine(one.day, datetime.min.time(), UTC)
        end = begin + DAY
        touching = [spell.impact for spell in spells if spell.start_at < end and spell.end_at > begin]
        order = list(Impact)
        assert one.impact is max([OK, *touching], key=order.index)


@given(impacts, st.lists(st.tuples(moments, impacts)), moments, st.none() | moments)
def test_spells_of_an_incident_lie_within_it_and_do_not_overlap(
    impact: Impact, told: list[tuple[datetime, Impact]], opened_at: datetime, resolved_at: datetime | None
) -> None:
    spells = status.incident_spells(impact, told, opened_at=opened_at, resolved_at=resolved_at, at=AT)
    ends = [opened_at]
    for spell in spells:
        assert ends[-1] <= spell.start_at < spell.end_at <= min(resolved_at or AT, AT)
        ends.append(spell.end_at)
