"""The customer's checklists, what decides an item, and a service's own list as JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deployments.domain.checklist_parsing import dump_items, parse_items
from apps.deployments.domain.checklists import (
    Fact,
    Item,
    Outcome,
    Phase,
    Source,
    Tick,
    blocking,
    evaluated,
)
from apps.deployments.domain.standard_items import (
    AFTER_DEPLOYMENT,
    BEFORE_EACH_BY_THE_GUIDE,
    BEFORE_EACH_DEPLOYMENT,
    BEFORE_FIRST_DEPLOYMENT,
    STANDARD_ITEMS,
)
from apps.flags.domain.engine.definitions import InvalidDefinition

# As they stand in the customer's document.
FIRST = """
Configure Vercel project and get tokens
Set up Sentry project and get DSN
Set up PostHog project and get API key
Configure Slack webhook for alerts
Set up AWS S3 bucket for backups
Configure database backup automation
Test staging environment thoroughly
Review all environment variables
Test rollback procedures
Train team on deployment process
"""
BEFORE = """
All tests passing (unit, integration, e2e)
Code review approved
Staging environment tested
Database migrations tested
Backup created
Feature flags configured
Monitoring alerts configured
Rollback procedure reviewed
Team notified
Status page ready
"""
AFTER = """
Health checks passing
Smoke tests successful
Error rates normal
Performance metrics good
User feedback positive
Monitoring dashboards updated
Documentation updated
Team notified of completion
"""
GUIDE = """
Code quality gates
Database migrations tested
Environment variables configured
Monitoring enabled
Documentation updated
"""
AT = datetime(2026, 11, 25, 9, 5, tzinfo=UTC)
MANUAL = Item("rollback_reviewed", "Rollback procedure reviewed", Phase.BEFORE, required=True)
AUTOMATIC = Item("tests_passing", "All tests passing", Phase.BEFORE, Source.CI_TESTS, required=True)


@pytest.mark.parametrize(
    ("items", "document", "phase", "count"),
    [
        (BEFORE_FIRST_DEPLOYMENT, FIRST, Phase.FIRST, 10),
        (BEFORE_EACH_DEPLOYMENT, BEFORE, Phase.BEFORE, 10),
        (AFTER_DEPLOYMENT, AFTER, Phase.AFTER, 8),
        (BEFORE_EACH_BY_THE_GUIDE, GUIDE, Phase.BEFORE, 5),
    ],
)
def test_every_item_of_the_customer_is_there(items: tuple[Item, ...], document: str, phase: Phase, count: int) -> None:
    assert [item.words for item in items] == document.strip().splitlines()
    assert len(items) == count
    assert {item.phase for item in items} == {phase}


def test_all_33_are_visible_and_told_apart_by_their_keys() -> None:
    assert len(STANDARD_ITEMS) == len({item.key for item in STANDARD_ITEMS}) == 33
    assert [sum(item.phase is phase for item in STANDARD_ITEMS) for phase in Phase] == [10, 15, 8]


def test_every_source_decides_an_item_and_says_what_it_looks_at() -> None:
    assert {item.source for item in STANDARD_ITEMS} - {None} == set(Source)
    assert all(source.words for source in Source)


def test_nothing_is_required_that_only_later_evidence_or_a_person_tells() -> None:
    later = {Source.CI_TESTS, Source.CI_QUALITY, Source.BACKUP_VERIFIED, None}
    assert not any(item.required and item.source in later for item in STANDARD_ITEMS)


TICK = Tick("Ada", AT)
TICKED = "ticked by Ada on 2026-11-25 at 09:05 UTC"


@pytest.mark.parametrize(
    ("item", "fact", "tick", "outcome", "reason"),
    [
        (MANUAL, None, None, Outcome.OPEN, "nobody has ticked it yet"),
        (MANUAL, None, TICK, Outcome.PASSED, TICKED),
        (AUTOMATIC, Fact(True, "412 passed"), None, Outcome.PASSED, "412 passed"),
        (AUTOMATIC, Fact(False, "3 of 412 failed"), None, Outcome.FAILED, "3 of 412 failed"),
        (
            AUTOMATIC,
            Fact(False, "3 of 412 failed"),
            TICK,
            Outcome.FAILED,
            "3 of 412 failed",
        ),  # a fact has the last word
        (AUTOMATIC, Fact(None, "CI is still at work"), None, Outcome.NOT_KNOWN, "CI is still at work"),
        (AUTOMATIC, Fact(None, "CI is still at work"), TICK, Outcome.PASSED, TICKED),
        (AUTOMATIC, None, TICK, Outcome.PASSED, TICKED),
        (
            AUTOMATIC,
            None,
            None,
            Outcome.NOT_KNOWN,
            "nothing tells yet whether CI reports that the tests of this commit pass",
        ),
    ],
)
def test_what_decides_an_item(item: Item, fact: Fact | None, tick: Tick | None, outcome: Outcome, reason: str) -> None:
    facts = {} if fact is None else {Source.CI_TESTS: fact}
    ticks = {} if tick is None else {item.key: tick}
    (result,) = evaluated([item], facts, ticks)
    assert (result.item, result.outcome, result.reason) == (item, outcome, reason)


def test_a_tick_is_for_its_own_item() -> None:
    assert evaluated([MANUAL], {}, {"tests_passing": TICK})[0].outcome is Outcome.OPEN


def test_one_fact_decides_every_item_that_asks_for_it() -> None:
    results = evaluated(STANDARD_ITEMS, {Source.SAME_COMMIT_ON_STAGING: Fact(True, "seen")}, {})
    passed = [one.item.words for one in results if one.outcome is Outcome.PASSED]
    assert passed == ["Staging environment tested", "Database migrations tested", "Database migrations tested"]


def test_what_blocks_is_one_sentence() -> None:
    optional = Item("feedback", "User feedback positive", Phase.AFTER)
    results = evaluated([MANUAL, AUTOMATIC, optional], {Source.CI_TESTS: Fact(False, "3 of 412 failed")}, {})
    assert blocking(results) == (
        "2 required items are not passed: Rollback procedure reviewed (nobody has ticked it yet); "
        "All tests passing (3 of 412 failed)."
    )
    assert blocking(results[:1]) == (
        "One required item is not passed: Rollback procedure reviewed (nobody has ticked it yet)."
    )
    assert blocking(results[2:]) == ""
    assert blocking(evaluated([MANUAL], {}, {MANUAL.key: TICK})) == ""


def test_a_service_drops_adds_and_requires() -> None:
    items = parse_items(
        [
            {"key": "team_notified", "required": True},
            {"key": "staging_tested", "required": False},
            {"key": "review_approved"},
            {"key": "legal_agrees", "words": "Legal agrees", "phase": "before", "required": True},
        ]
    )
    assert items == (
        Item("team_notified", "Team notified", Phase.BEFORE, Source.NOTIFIED, required=True),
        Item(
            "staging_tested", "Staging environment tested", Phase.BEFORE, Source.SAME_COMMIT_ON_STAGING, required=False
        ),
        Item("review_approved", "Code review approved", Phase.BEFORE, Source.APPROVED, required=True),
        Item("legal_agrees", "Legal agrees", Phase.BEFORE, None, required=True),
    )


own_items = st.builds(
    Item,
    st.from_regex(r"own_[a-z0-9]{1,9}", fullmatch=True),
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20),
    st.sampled_from(Phase),
    st.none(),
    st.booleans(),
)


@given(st.lists(st.sampled_from(STANDARD_ITEMS) | own_items, unique_by=lambda item: item.key))
def test_a_written_list_is_read_back_as_it_was(items: list[Item]) -> None:
    assert parse_items(json.loads(json.dumps(dump_items(tuple(items))))) == tuple(items)


OWN: dict[str, Any] = {"key": "legal", "words": "Legal agrees", "phase": "before"}


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        ({}, "items", "must be a list"),
        ([OWN] * 101, "items", "has 101 entries"),
        (["team_notified"], "items[0]", "must be an object with key, phase, words"),
        ([{}], "items[0].key", "is missing"),
        ([{"key": 1}], "items[0].key", "must be a text"),
        ([{"key": "team_notfied"}], "items[0].key", "did you mean team_notified"),
        ([{"key": "legal"}], "items[0].key", "an item of your own needs words and phase"),
        ([{"key": "legal", "words": "x"}], "items[0].phase", "is missing"),
        ([OWN | {"key": "Legal"}], "items[0].key", "is no key"),
        ([OWN | {"key": "legal__agrees"}], "items[0].key", "is no key"),
        ([OWN, OWN], "items[1].key", "'legal' is in the list already"),
        ([OWN | {"words": " \n"}], "items[0].words", "is empty"),
        ([OWN | {"words": "x" * 201}], "items[0].words", "has 201 characters"),
        ([OWN | {"phase": "during"}], "items[0].phase", "must be one of first, before, after"),
        ([OWN | {"phase": []}], "items[0].phase", "must be one of first, before, after"),
        ([OWN | {"required": "yes"}], "items[0].required", "must be true or false"),
        ([OWN | {"source": "ci_tests"}], "items[0].source", "is not known here"),
        ([OWN, {"key": "team_notified", "words": "x"}], "items[1].words", "is not known here"),
    ],
)
def test_a_refusal_names_the_place(raw: object, path: str, message: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_items(raw)
    assert refused.value.path == path
    assert message in refused.value.message
