"""How far a deployment is, from the times of its row alone. Times and lengths are worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.deployments.domain.plans import CANARY, Plan, Step, Strategy, dump_plan
from apps.deployments.models import Deployment
from apps.deployments.pages.base import lasted, moment
from apps.deployments.pages.detail import commit_url
from apps.deployments.pages.progress import hold_words, phases, steps

T = datetime(2026, 3, 3, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BLUE_GREEN = Plan(Strategy.BLUE_GREEN, (Step(100_000),))


def deployment(plan: Plan = BLUE_GREEN, **fields: Any) -> Deployment:
    return Deployment(plan=dump_plan(plan), requested_at=T, task_since=T, **fields)


def told(row: Deployment, at: datetime) -> list[tuple[str, str, str, str]]:
    return [(one.planned, one.standing, one.took, one.over) for one in phases(row, at)]


def test_the_four_phases_as_the_customer_plans_them() -> None:
    row = deployment(
        state="SUCCEEDED",
        started_at=T + 20 * MINUTE,
        traffic_at=T + 32 * MINUTE,
        whole_at=T + 50 * MINUTE,
        watch_until=T + 110 * MINUTE,
        ended_at=T + 112 * MINUTE,
    )
    assert told(row, T + 300 * MINUTE) == [
        ("up to 30 min", "done", "20 min", ""),
        ("10 min to 15 min", "done", "12 min", ""),
        ("15 min to 30 min", "done", "18 min", ""),
        ("1 h", "done", "1 h 2 min", ""),  # the last checks come on top
    ]


def test_phases_that_take_longer_say_by_how_much() -> None:
    row = deployment(
        state="WATCHING",
        started_at=T + 45 * MINUTE,
        traffic_at=T + 65 * MINUTE,
        whole_at=T + 105 * MINUTE,
        watch_until=T + 165 * MINUTE,
    )
    assert told(row, T + 175 * MINUTE) == [
        ("up to 30 min", "done", "45 min", "15 min"),
        ("10 min to 15 min", "done", "20 min", "5 min"),
        ("15 min to 30 min", "done", "40 min", "10 min"),
        ("1 h", "now", "1 h 10 min", "10 min"),
    ]


def test_a_slow_canary_may_verify_as_long_as_its_steps_hold() -> None:
    plan = Plan(Strategy.CANARY, (Step(50_000, 7_200), Step(100_000)), watch_seconds=900)
    row = deployment(plan, state="ROLLING", started_at=T, traffic_at=T)
    assert told(row, T + 130 * MINUTE)[2:] == [
        ("2 h to 2 h 15 min", "now", "2 h 10 min", ""),
        ("15 min", "to come", "", ""),
    ]


def test_phases_that_were_never_reached() -> None:
    row = deployment(state="FAILED_BEFORE_TRAFFIC", started_at=T + MINUTE, ended_at=T + 4 * MINUTE)
    assert [(standing, took) for _planned, standing, took, _over in told(row, T + 99 * MINUTE)] == [
        ("done", "60 s"),
        ("done", "3 min"),
        ("not reached", ""),
        ("not reached", ""),
    ]


def test_a_rollback_a_day_later_does_not_make_the_watch_longer() -> None:
    row = deployment(
        state="ROLLED_BACK",
        started_at=T,
        traffic_at=T,
        whole_at=T,
        watch_until=T + 60 * MINUTE,
        ended_at=T + timedelta(days=1),
    )
    assert told(row, T + timedelta(days=2))[3] == ("1 h", "done", "1 h", "")


@pytest.mark.parametrize(
    ("fields", "standings"),
    [
        ({"state": "QUEUED"}, ["to come"] * 4),
        ({"state": "ROLLING", "position": 1, "traffic_at": T}, ["done", "now", "to come", "to come"]),
        ({"state": "WATCHING", "position": 3, "traffic_at": T, "whole_at": T}, ["done"] * 4),
        (
            {"state": "ROLLING_BACK", "position": 1, "traffic_at": T},
            ["done", "went back from here", "to come", "to come"],
        ),
        ({"state": "CANCELLED"}, ["not reached"] * 4),
    ],
)
def test_where_each_step_stands(fields: dict[str, Any], standings: list[str]) -> None:
    assert [one.standing for one in steps(deployment(Plan(Strategy.CANARY, CANARY), **fields), T)] == standings


def test_waits_are_told_as_absolute_times() -> None:
    rolling = deployment(state="ROLLING", hold_until=T + 5 * MINUTE)
    assert hold_words(rolling, T) == ("Holds until 10:05:00 UTC.", T + 5 * MINUTE)
    watching = deployment(state="WATCHING", watch_until=T + timedelta(days=1))
    assert hold_words(watching, T)[0] == "Watched until 2026-03-04 10:00 UTC."
    assert hold_words(deployment(state="PAUSED", remaining_seconds=240), T)[0] == "4 min are left once it is resumed."
    assert hold_words(deployment(state="QUEUED", scheduled_at=T + MINUTE), T)[0] == "Planned for 10:01:00 UTC."
    assert hold_words(deployment(state="SUCCEEDED", hold_until=T), T) == ("", None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119.9, "119 s"), (120, "2 min"), (3_900, "1 h 5 min"), (183_700, "2 d 3 h"), (-3, "0 s")],
)
def test_lengths_are_told_in_two_units_at_most(seconds: float, words: str) -> None:
    assert lasted(seconds) == words


def test_a_time_of_another_day_has_its_day() -> None:
    assert moment(T, T + 5 * MINUTE) == "10:00:00 UTC"
    assert moment(T, T + timedelta(days=1)) == "2026-03-03 10:00 UTC"


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("https://github.com/acme/shop", "https://github.com/acme/shop/commit/abc"),
        ("https://github.com/acme/shop.git", "https://github.com/acme/shop/commit/abc"),
        ("https://gitlab.example/group/sub/shop/", "https://gitlab.example/group/sub/shop/commit/abc"),
        ("https://example.com/", ""),
        ("ftp://example.com/acme/shop", ""),
        ("", ""),
    ],
)
def test_a_commit_is_linked_where_the_repository_looks_like_github(repository: str, address: str) -> None:
    assert commit_url(repository, "abc") == address
    assert commit_url(repository, "") == ""
