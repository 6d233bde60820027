"""Which way back is taken, which are blocked and why, and what each leaves as it is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deployments.domain.rollback_methods import (
    Facts,
    LinkedFlag,
    Method,
    Option,
    PreviousSlot,
    planned,
)

WARM = PreviousSlot("2.13.2", healthy=True, succeeded=True)
CHECKOUT, SEARCH, CARDS = (LinkedFlag(key, live=True) for key in ("checkout", "search", "cards"))
UNTOUCHED = LinkedFlag("checkout", live=False)
EVERYTHING = Facts(
    version="2.14.0", flags=(CHECKOUT,), previous=WARM, migrated=True, revert_connected=True, restore_connected=True
)
NOTHING = Facts(version="2.14.0")


def option(facts: Facts, method: Method) -> Option:
    (found,) = (one for one in planned(facts) if one.method is method)
    return found


def test_the_customers_target_times() -> None:
    """30 seconds; 2 to 3, 5 to 10 and 10 to 30 minutes."""
    assert [(one.method, one.target_seconds) for one in planned(EVERYTHING)] == [
        (Method.FLAG, 30),
        (Method.SWITCH, 180),
        (Method.REVERT, 600),
        (Method.RESTORE, 1_800),
    ]


@pytest.mark.parametrize(
    ("facts", "ranked", "possible"),
    [
        (EVERYTHING, "flag switch revert restore", 4),
        (replace(EVERYTHING, revert_connected=False, restore_connected=False), "flag switch revert restore", 2),
        (replace(EVERYTHING, flags=()), "switch revert restore flag", 3),
        (replace(EVERYTHING, flags=(UNTOUCHED,)), "switch revert restore flag", 3),
        (replace(EVERYTHING, flags=(), contract_migration=True), "revert restore flag switch", 2),
        (replace(EVERYTHING, flags=(), previous=None, revert_connected=False), "restore flag switch revert", 1),
        (replace(EVERYTHING, driver_problem="Caddy does not answer"), "flag revert restore switch", 3),
        (NOTHING, "flag switch revert restore", 0),
    ],
)
def test_what_is_possible_comes_first_and_the_fastest_of_it_before(facts: Facts, ranked: str, possible: int) -> None:
    options = planned(facts)
    assert [one.method.value for one in options] == ranked.upper().split()
    assert sum(one.possible for one in options) == possible


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (NOTHING, "No previous version is running"),
        (
            replace(NOTHING, previous=replace(WARM, healthy=False)),
            "2.13.2 in the previous slot is not healthy",
        ),
        (
            replace(NOTHING, previous=replace(WARM, succeeded=False)),
            "The previous slot runs 2.13.2, which is not the last release that succeeded",
        ),
        (
            replace(NOTHING, previous=WARM, contract_migration=True),
            "A contract migration has run: the previous version needs what it removed",
        ),
        (
            replace(NOTHING, previous=replace(WARM, healthy=False), driver_problem="Caddy does not answer"),
            "2.13.2 in the previous slot is not healthy; Caddy does not answer",
        ),
    ],
)
def test_a_switch_that_is_blocked_names_all_that_is_in_the_way(facts: Facts, reason: str) -> None:
    switch = option(facts, Method.SWITCH)
    assert (switch.possible, switch.reason) == (False, reason)


@pytest.mark.parametrize(
    ("facts", "method", "reason"),
    [
        (
            replace(NOTHING, previous=WARM),
            Method.SWITCH,
            "Moves all traffic to 2.13.2, which still runs and is healthy",
        ),
        (
            replace(NOTHING, flags=(CHECKOUT, SEARCH, CARDS)),
            Method.FLAG,
            "Kills checkout, search and cards: everyone gets the off variant",
        ),
        (
            replace(NOTHING, flags=(CHECKOUT, replace(SEARCH, live=False))),
            Method.FLAG,
            "Kills checkout: everyone gets the off variant",
        ),
        (
            replace(NOTHING, flags=(UNTOUCHED,)),
            Method.FLAG,
            "Nothing to kill: checkout is killed already",
        ),
        (NOTHING, Method.FLAG, "No flag is linked to the release"),
    ],
)
def test_it_says_what_it_does_or_why_it_cannot(facts: Facts, method: Method, reason: str) -> None:
    assert option(facts, method).reason == reason


@pytest.mark.parametrize("method", [Method.REVERT, Method.RESTORE])
def test_what_is_not_connected_yet_says_so(method: Method) -> None:
    assert "connected yet" in option(NOTHING, method).reason
    assert "connected yet" not in option(EVERYTHING, method).reason


@pytest.mark.parametrize(
    ("method", "kept"),
    [  # the first word or two of each
        (Method.FLAG, ["The code", "Data written", "E-mails", "Migrations that"]),
        (Method.SWITCH, ["Data written", "E-mails", "Migrations that", "What its flags serve: checkout", "Pages"]),
        (Method.REVERT, ["Data written", "E-mails", "Migrations that", "What its flags serve: checkout"]),
        (Method.RESTORE, ["The code", "E-mails", "What its flags serve: checkout"]),
    ],
)
def test_each_says_what_it_will_not_undo(method: Method, kept: list[str]) -> None:
    told = option(EVERYTHING, method).will_not_undo
    assert len(told) == len(kept)
    assert all(words.startswith(start) for words, start in zip(told, kept, strict=True)), told


def test_only_what_happened_is_listed() -> None:
    assert not any(
        "igration" in words or "its flags" in words for one in planned(NOTHING) for words in one.will_not_undo
    )
    assert any(
        "what it removed" in words
        for words in option(replace(EVERYTHING, contract_migration=True), Method.FLAG).will_not_undo
    )


def test_a_restore_alone_loses_data() -> None:
    assert {one.method: one.loses for one in planned(EVERYTHING) if one.loses} == {
        Method.RESTORE: "Everything written after the backup was made"
    }


facts_of_any_kind = st.builds(
    Facts,
    version=st.just("2.14.0"),
    flags=st.lists(st.builds(LinkedFlag, st.text(min_size=1), st.booleans()), max_size=3).map(tuple),
    previous=st.none() | st.builds(PreviousSlot, st.just("2.13.2"), st.booleans(), st.booleans()),
    migrated=st.booleans(),
    contract_migration=st.booleans(),
    driver_problem=st.sampled_from(["", "Caddy does not answer"]),
    revert_connected=st.booleans(),
    restore_connected=st.booleans(),
)


@given(facts_of_any_kind)
def test_all_four_are_told_whatever_the_facts(facts: Facts) -> None:
    options = planned(facts)
    assert {one.method for one in options} == set(Method)
    assert all(one.reason and one.will_not_undo for one in options)
    possible = [one.possible for one in options]
    assert possible == sorted(possible, reverse=True)


@given(facts_of_any_kind)
def test_traffic_never_goes_back_to_what_cannot_take_it(facts: Facts) -> None:
    if option(facts, Method.SWITCH).possible:
        assert facts.previous == WARM
        assert not facts.contract_migration
        assert not facts.driver_problem
