"""Checklists of a service: what has to be so before and after a deployment, and what decides each item. Facts and
ticks come from the caller; the standard items are in standard_items.py, the JSON of a list in checklist_parsing.py."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Phase(StrEnum):
    FIRST = "first"  # once, before a service's first deployment
    BEFORE = "before"  # before each deployment
    AFTER = "after"  # after each deployment


class Source(StrEnum):
    """A fact that the portal finds out by itself."""

    TRAFFIC_DRIVER_READY = "traffic_driver_ready"
    SENTRY_CONNECTED = "sentry_connected"
    POSTHOG_CONNECTED = "posthog_connected"
    CHANNELS_CONFIGURED = "channels_configured"
    BACKUP_STORAGE_READY = "backup_storage_ready"
    BACKUPS_SCHEDULED = "backups_scheduled"
    ROLLBACK_TRIED = "rollback_tried"
    CI_TESTS = "ci_tests"
    CI_QUALITY = "ci_quality"
    APPROVED = "approved"
    SAME_COMMIT_ON_STAGING = "same_commit_on_staging"
    BACKUP_VERIFIED = "backup_verified"
    FLAGS_LINKED_AND_LIVE = "flags_linked_and_live"
    ALERT_RULES_ENABLED = "alert_rules_enabled"
    MONITORING_ENABLED = "monitoring_enabled"
    NOTIFIED = "notified"
    STATUS_PAGE_READY = "status_page_ready"
    HEALTH_CHECKS_PASSING = "health_checks_passing"
    SMOKE_TESTS = "smoke_tests"
    ERROR_RATES_NORMAL = "error_rates_normal"
    PERFORMANCE_GOOD = "performance_good"
    COMPLETION_NOTIFIED = "completion_notified"

    @property
    def words(self) -> str:
        """What the portal looks at."""
        return _LOOKS_AT[self]


_LOOKS_AT = {
    Source.TRAFFIC_DRIVER_READY: "the traffic driver answers",
    Source.SENTRY_CONNECTED: "Sentry sends its issues here",
    Source.POSTHOG_CONNECTED: "PostHog is connected",
    Source.CHANNELS_CONFIGURED: "alerts reach at least one channel",
    Source.BACKUP_STORAGE_READY: "a storage takes backups",
    Source.BACKUPS_SCHEDULED: "a policy makes backups by itself",
    Source.ROLLBACK_TRIED: "the service has been rolled back before, on staging or in production",
    Source.CI_TESTS: "CI reports that the tests of this commit pass",
    Source.CI_QUALITY: "CI reports that types, lint and coverage of this commit pass",
    Source.APPROVED: "enough people other than the author approved this plan",
    Source.SAME_COMMIT_ON_STAGING: "the same commit, migrations included, succeeded on staging",
    Source.BACKUP_VERIFIED: "a verified backup is young enough",
    Source.FLAGS_LINKED_AND_LIVE: "every flag linked to the release exists and is not archived",
    Source.ALERT_RULES_ENABLED: "alert rules watch the service",
    Source.MONITORING_ENABLED: "health checks and metrics of the service are coming in",
    Source.NOTIFIED: "the message that it is planned or started went out",
    Source.STATUS_PAGE_READY: "the status page has a component of the service",
    Source.HEALTH_CHECKS_PASSING: "all health checks of the service are up",
    Source.SMOKE_TESTS: "the smoke tests against the new version passed",
    Source.ERROR_RATES_NORMAL: "the judge finds no more errors than before",
    Source.PERFORMANCE_GOOD: "the judge finds no longer response times than before",
    Source.COMPLETION_NOTIFIED: "the message how it ended went out",
}


@dataclass(frozen=True, slots=True)
class Item:
    key: str
    words: str
    phase: Phase
    source: Source | None = None  # None: a person ticks it
    required: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    ok: bool | None  # None: nobody can tell
    words: str  # what was seen


@dataclass(frozen=True, slots=True)
class Tick:
    by: str
    at: datetime


class Outcome(StrEnum):
    PASSED = "passed"
    OPEN = "open"  # waits for a person
    FAILED = "failed"
    NOT_KNOWN = "not_known"  # no fact, and no person has ticked it instead


@dataclass(frozen=True, slots=True)
class Result:
    item: Item
    outcome: Outcome
    reason: str


def evaluated(items: Iterable[Item], facts: Mapping[Source, Fact], ticks: Mapping[str, Tick]) -> tuple[Result, ...]:
    """In the items' order; `ticks` go by the item's key. A fact has the last word: a tick counts for an automatic item
    only while there is no fact, as before CI reports anything here."""
    return tuple(_result(item, facts, ticks.get(item.key)) for item in items)


def blocking(results: Iterable[Result]) -> str:
    """The required items that are not passed, in one sentence; empty when nothing is in the way."""
    left = [one for one in results if one.item.required and one.outcome is not Outcome.PASSED]
    if not left:
        return ""
    named = "; ".join(f"{one.item.words} ({one.reason})" for one in left)
    count = "One required item is" if len(left) == 1 else f"{len(left)} required items are"
    return f"{count} not passed: {named}."


def _result(item: Item, facts: Mapping[Source, Fact], tick: Tick | None) -> Result:
    fact = facts.get(item.source) if item.source else None
    if fact and fact.ok is not None:
        return Result(item, Outcome.PASSED if fact.ok else Outcome.FAILED, fact.words)
    if tick:
        return Result(item, Outcome.PASSED, f"ticked by {tick.by} on {tick.at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC")
    if item.source is None:
        return Result(item, Outcome.OPEN, "nobody has ticked it yet")
    return Result(item, Outcome.NOT_KNOWN, fact.words if fact else f"nothing tells yet whether {item.source.words}")
