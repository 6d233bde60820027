"""The four phases: 30 minutes before, 10 to 15 to deploy, 15 to 30 to verify, an hour of watching, as the customer's
deployment guide has them."""

from datetime import UTC, datetime, timedelta

from apps.deployments.domain.phases import Times, phases
from apps.deployments.domain.plans import Plan, Step, Strategy

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SWITCH = Plan(Strategy.BLUE_GREEN, (Step(100_000),))


def after(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


def test_the_customers_times_are_the_plan() -> None:
    planned = [(one.name, one.least_seconds, one.most_seconds) for one in phases(SWITCH, Times(AT))]
    assert planned == [("before", 0, 1_800), ("deploy", 600, 900), ("verify", 900, 1_800), ("watch", 3_600, 3_600)]


def test_a_canary_that_holds_for_longer_is_meant_to_take_longer() -> None:
    """Two steps of half an hour each: an hour at least, and a quarter more for looking after them."""
    canary = Plan(Strategy.CANARY, (Step(5_000, 1_800), Step(50_000, 1_800), Step(100_000)))
    verify = phases(canary, Times(AT))[2]
    assert (verify.least_seconds, verify.most_seconds) == (3_600, 4_500)


def test_each_phase_ends_where_the_next_begins() -> None:
    times = Times(AT, after(20), after(32), after(50), after(110), after(110))
    assert [one.took_seconds for one in phases(SWITCH, times)] == [1_200, 720, 1_080, 3_600]


def test_what_it_did_not_come_to_has_no_times() -> None:
    failed = phases(SWITCH, Times(AT, after(20), ended_at=after(25)))
    assert [(one.began_at, one.took_seconds) for one in failed] == [
        (AT, 1_200),
        (after(20), 300),
        (None, None),
        (None, None),
    ]


def test_going_back_long_after_the_watch_makes_it_no_longer() -> None:
    times = Times(AT, after(20), after(32), after(50), ended_at=after(600), watch_until=after(110), went_back=True)
    assert phases(SWITCH, times)[3].took_seconds == 3_600
