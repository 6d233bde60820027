"""The five automatic triggers at their limits, what they say, and what never rolls back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deployments.domain.firing import Fired, Limits, Quiet, Slot, Trigger
from apps.deployments.domain.judging.findings import Action
from apps.deployments.domain.observations import Attempt, Minute, pooled
from apps.deployments.domain.triggers import Outcome, Watch, evaluate

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
COUNTS = st.integers(0, 40)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def minutes(*given: dict[str, Any], until: float = 0) -> list[Minute]:
    """In a row, the last one ending at noon, each with 100 good requests unless told."""
    first = until - len(given)
    plain = {"requests": 100, "errors": 0}
    return [Minute(from_at=at(first + place), **(plain | each)) for place, each in enumerate(given)]


def attempts(*given: tuple[float, bool]) -> list[Attempt]:
    """Seconds before noon."""
    return [Attempt(at(-seconds / 60), ok) for seconds, ok in given]


def ask(trigger: Trigger, new: Slot, baseline: Slot | None = None, **given: Any) -> Outcome:
    baseline = baseline or Slot(minutes=minutes(*[{}] * 5))
    found = evaluate(Watch(new=new, baseline=baseline, **({"warm_at": at(-60), "at": NOON} | given)))
    assert [each.trigger for each in found] == list(Trigger)
    return found[list(Trigger).index(trigger)]


def failing(*errors: int, requests: int = 100) -> Slot:
    return Slot(minutes=minutes(*[{"errors": each, "requests": requests} for each in errors]))


def test_errors_above_the_limit_in_five_minutes_roll_back_and_say_why() -> None:
    outcome = ask(Trigger.ERROR_RATE, failing(6, 8, 10, 12, 6))
    assert isinstance(outcome, Fired)
    assert outcome.action is Action.ROLL_BACK
    assert outcome.reason == (
        "Errors were above 5 % in each of the last 5 minutes (11:55 to 12:00 UTC): 42 of 500 requests failed (8.4 %)."
    )
    assert [(point.at, point.new, point.baseline) for point in outcome.points[:2]] == [
        (at(-5), 0.06, 0.0),
        (at(-4), 0.08, 0.0),
    ]


@pytest.mark.parametrize(
    ("slot", "conclusive", "words"),
    [
        (failing(6, 6, 5, 6, 6), True, "above 5 % in 4 of the last 5 minutes"),  # 5 % is not above 5 %
        (failing(100, 100, 0, 0, 0), True, "in 2 of the last 5 minutes"),  # a burst, 40 % of all
        (failing(*[9] * 5, requests=9), False, "45 requests in the last 5 minutes; 50 are needed"),
        (failing(0, 9, 9, 9, 9, requests=0), False, "50 are needed"),
        (failing(9, 9, 9, 9), False, "not all of the last 5 minutes are known"),
        (Slot(), False, "no data"),
        (Slot(minutes=minutes(*[{"errors": 50}] * 5, until=-2)), False, "no data since 11:58 UTC"),
        (Slot(minutes=[*minutes({"errors": 9}, until=-5), *failing(9, 9, 9, 9).minutes]), False, "not all of the last"),
    ],
)
def test_errors_that_do_not_fire(slot: Slot, conclusive: bool, words: str) -> None:
    outcome = ask(Trigger.ERROR_RATE, slot)
    assert isinstance(outcome, Quiet)
    assert outcome.conclusive is conclusive
    assert words in outcome.reason


def test_fifty_requests_are_enough_and_a_minute_may_be_late() -> None:
    assert isinstance(ask(Trigger.ERROR_RATE, failing(*[1] * 5, requests=10)), Fired)
    late = Slot(minutes=minutes(*[{"errors": 9}] * 5, until=-1.5))
    assert isinstance(ask(Trigger.ERROR_RATE, late), Fired)


def test_a_minute_that_is_not_over_does_not_count() -> None:
    begun = Slot(minutes=[*failing(*[9] * 5).minutes, *minutes({}, until=0.5)])
    assert isinstance(ask(Trigger.ERROR_RATE, begun), Fired)


@pytest.mark.parametrize(
    ("baseline", "action", "words"),
    [
        (failing(*[5] * 5), Action.ROLL_BACK, "failed (60 %)."),  # 5 % is not failing
        (failing(*[6] * 5), Action.PAUSE, "But the baseline fails as well (6 % of its requests)"),
        (failing(0, 0, 0, 0, 1, requests=1), Action.ROLL_BACK, "failed (60 %)."),  # one error is nothing
        (Slot(probes=attempts((40, True), (20, False), (10, False))), Action.PAUSE, "health probes fail as well"),
        (Slot(probes=attempts((40, False), (20, True), (10, False))), Action.ROLL_BACK, "failed (60 %)."),
        (Slot(connections=attempts((50, True), (5, False))), Action.PAUSE, "does not reach the database either"),
        (Slot(), Action.ROLL_BACK, "failed (60 %)."),
    ],
)
def test_what_ails_the_baseline_too_pauses(baseline: Slot, action: Action, words: str) -> None:
    outcome = ask(Trigger.ERROR_RATE, failing(*[60] * 5), baseline)
    assert isinstance(outcome, Fired)
    assert outcome.action is action
    assert words in outcome.reason


def timed(factor: float, count: int = 100, minute_count: int = 5) -> Slot:
    """Each minute the same latencies, evenly from `factor` to 100 times that: the p95 is 95 of them."""
    values = [factor * (place + 1) * 100 / count for place in range(count)]
    return Slot(minutes=minutes(*[{"latencies": values}] * minute_count))


def test_latency_of_more_than_half_again_rolls_back() -> None:
    outcome = ask(Trigger.DEGRADATION, timed(3), timed(2))
    assert isinstance(outcome, Quiet)  # 1.5 times is not more than 1.5 times
    assert outcome.reason.startswith("Latency: the p95 was above 1.5 times the baseline's in 0 of the last 5 minutes: ")
    outcome = ask(Trigger.DEGRADATION, timed(4), timed(2))
    assert isinstance(outcome, Fired)
    assert outcome.action is Action.ROLL_BACK
    words = (
        "The p95 was above 1.5 times the baseline's in each of the last 5 minutes (11:55 to 12:00 UTC): 380 ms against"
    )
    assert outcome.reason.startswith(f"{words} 190 ms, 2 times as slow (")
    assert [(point.new, point.baseline) for point in outcome.points] == [(380, 190)] * 5


def test_latency_that_does_not_fire() -> None:
    warm = ask(Trigger.DEGRADATION, timed(4), timed(2), warm_at=at(-4.5))
    assert warm == Quiet(Trigger.DEGRADATION, "Latency: warming up until 11:55 UTC.", False)
    assert isinstance(ask(Trigger.DEGRADATION, timed(4), timed(2), warm_at=at(-5)), Fired)
    one_good = Slot(minutes=[*timed(9, minute_count=5).minutes[:4], *timed(2, minute_count=1).minutes])
    outcome = ask(Trigger.DEGRADATION, one_good, timed(2))
    assert isinstance(outcome, Quiet)
    assert "in 4 of the last 5 minutes" in outcome.reason


@pytest.mark.parametrize(
    ("new", "baseline", "words"),
    [
        (timed(4, count=8), timed(2, count=8), "which may still be 1.25 times or less"),
        (timed(4), timed(2, minute_count=4), "not all of the baseline's last 5 minutes are known"),
        (timed(4), failing(*[0] * 5), "a minute without any on one of the slots"),
        (Slot(), timed(2), "no data"),
    ],
)
def test_latency_of_which_too_little_is_known(new: Slot, baseline: Slot, words: str) -> None:
    outcome = ask(Trigger.DEGRADATION, new, baseline)
    assert isinstance(outcome, Quiet)
    assert not outcome.conclusive
    assert words in outcome.reason


@pytest.mark.parametrize(
    ("seconds", "fires"),
    [([1, 2, 3, 4], True), ([1, 2, 3], False), ([0, 100, 200, 299], True), ([0, 100, 200, 300], False)],
)
def test_four_failed_probes_within_five_minutes(seconds: Sequence[float], fires: bool) -> None:
    outcome = ask(Trigger.PROBES, Slot(probes=attempts((5, True), *((each, False) for each in seconds), (600, False))))
    assert isinstance(outcome, Fired) is fires
    if isinstance(outcome, Fired):
        assert outcome.action is Action.ROLL_BACK
        assert outcome.reason == "4 of 5 health probes failed in the last 5 minutes; 4 are too many."


def test_no_probes_tell_nothing() -> None:
    outcome = ask(Trigger.PROBES, Slot(probes=attempts((300, False), (-1, False))))
    assert outcome == Quiet(Trigger.PROBES, "Health: no probe in the last 5 minutes.", False)


@pytest.mark.parametrize(
    ("tries", "fires"),
    [
        ([(40, True), (31, False), (1, False)], True),
        ([(40, True), (31.5, False), (1, False)], False),  # 30.5 s apart
        ([(20, False), (10, True), (1, False)], False),
        ([(20, False), (10, False), (1, True)], False),  # it is back
        ([(1, False)], False),
        ([(90, False), (80, False)], False),  # long ago
    ],
)
def test_two_failures_in_a_row_to_reach_the_database(tries: Sequence[tuple[float, bool]], fires: bool) -> None:
    healthy = Slot(connections=attempts((60, True), (0.5, True)))
    outcome = ask(Trigger.CONNECTIONS, Slot(connections=attempts(*tries)), healthy)
    assert isinstance(outcome, Fired) is fires
    if isinstance(outcome, Fired):
        assert outcome.action is Action.ROLL_BACK
        assert outcome.reason == (
            "2 tries in a row to connect to the database failed within 30 s, while the baseline reached it."
        )


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        ([(12, True)], "nothing shows that the baseline reached it since"),  # before the outage began
        ([], "nothing shows that the baseline reached it since"),
        ([(10, True), (2, False)], "the baseline does not reach the database either"),
        ([(10, False), (2, False)], "nothing shows that the baseline reached it since"),
    ],
)
def test_a_database_that_the_baseline_may_not_reach_either_pauses(
    baseline: Sequence[tuple[float, bool]], words: str
) -> None:
    new = Slot(connections=attempts((11, False), (1, False)))
    outcome = ask(Trigger.CONNECTIONS, new, Slot(connections=attempts(*baseline)))
    assert isinstance(outcome, Fired)
    assert outcome.action is Action.PAUSE
    assert words in outcome.reason


def tried(*given: tuple[int, int]) -> Slot:
    """(succeeded, tried) in the last minutes."""
    return Slot(minutes=minutes(*[{"logins_ok": ok, "logins": count} for ok, count in given]))


def test_logins_that_fail_where_the_baselines_succeed_roll_back() -> None:
    outcome = ask(Trigger.LOGINS, tried((4, 10), (3, 10)), tried((98, 100), (98, 100)))
    assert isinstance(outcome, Fired)
    assert outcome.action is Action.ROLL_BACK
    assert outcome.reason == (
        "Only 35 % of 20 logins succeeded (11:58 to 12:00 UTC) against 98 % of the baseline's 200: "
        "less than half of it in each minute."
    )


@pytest.mark.parametrize(
    ("new", "baseline", "conclusive", "words"),
    [
        (tried((5, 10), (0, 10)), tried((100, 100), (100, 100)), True, "25 % of 20 logins"),  # half is not below half
        (tried((0, 10), (0, 9)), tried((98, 100), (98, 100)), False, "19 and 200 in the last 2 minutes; 20 are needed"),
        (tried((0, 0), (0, 30)), tried((98, 100), (98, 100)), False, "and some in each minute"),
        (tried((0, 10), (0, 10)), tried((9, 9), (9, 10)), False, "20 and 19"),
        (tried((0, 10), (0, 10)), tried((0, 100), (0, 100)), False, "none succeeds on the baseline either"),
        (tried((0, 30)), tried((98, 100), (98, 100)), False, "not all of the last 2 minutes are known"),
    ],
)
def test_logins_that_do_not_fire(new: Slot, baseline: Slot, conclusive: bool, words: str) -> None:
    outcome = ask(Trigger.LOGINS, new, baseline)
    assert isinstance(outcome, Quiet)
    assert outcome.conclusive is conclusive
    assert words in outcome.reason


def test_logins_that_fail_on_both_slots_pause() -> None:
    outcome = ask(Trigger.LOGINS, tried((0, 10), (0, 10)), tried((49, 100), (49, 100)))
    assert isinstance(outcome, Fired)
    assert outcome.action is Action.PAUSE
    assert "too few on both" in outcome.reason


def test_limits_can_be_others() -> None:
    strict = Limits(minutes=1, error_share=0.01, least_requests=10)
    assert isinstance(ask(Trigger.ERROR_RATE, failing(2), limits=strict), Fired)


def test_pooling_takes_whole_minutes_after_the_warm_up() -> None:
    three = minutes({"errors": 1, "latencies": [1.0]}, {"errors": 2, "latencies": [2.0]}, {"errors": 4})
    side = pooled(three, at(-2), at(-0.5))
    assert (side.requests, side.errors, list(side.latencies)) == (100, 2, [2.0])


SLOTS = st.builds(
    Slot,
    minutes=st.lists(
        st.builds(
            lambda errors, logins, ok, latency: {
                "errors": errors,
                "logins": logins,
                "logins_ok": min(ok, logins),
                "latencies": [latency] * 40,
            },
            COUNTS,
            COUNTS,
            COUNTS,
            st.floats(1, 1_000),
        ),
        min_size=5,
        max_size=5,
    ).map(lambda given: minutes(*given)),
    probes=st.lists(st.booleans(), max_size=8).map(
        lambda given: attempts(*((20 * place, ok) for place, ok in enumerate(given)))
    ),
    connections=st.lists(st.booleans(), max_size=4).map(
        lambda given: attempts(*((12 * place, ok) for place, ok in enumerate(given)))
    ),
)


def outcomes(new: Slot, baseline: Slot) -> list[Outcome]:
    return evaluate(Watch(new=new, baseline=baseline, warm_at=at(-60), at=NOON))


@given(SLOTS)
def test_what_hits_both_slots_alike_never_rolls_back(slot: Slot) -> None:
    assert Action.ROLL_BACK not in {each.action for each in outcomes(slot, slot) if isinstance(each, Fired)}


@given(SLOTS, SLOTS)
def test_every_answer_has_a_reason_and_what_fires_has_evidence(new: Slot, baseline: Slot) -> None:
    for each in outcomes(new, baseline):
        assert each.reason.endswith(".")
        assert isinstance(each, Quiet) or each.points


@given(SLOTS, SLOTS, COUNTS)
def test_more_errors_never_silence_a_trigger(new: Slot, baseline: Slot, more: int) -> None:
    worse = Slot(
        minutes=[Minute(from_at=each.from_at, requests=100, errors=each.errors + more) for each in new.minutes]
    )
    if isinstance(outcomes(new, baseline)[0], Fired):
        assert isinstance(outcomes(worse, baseline)[0], Fired)
