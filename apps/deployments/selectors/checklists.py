"""The checklist of a deployment: the service's items, what the portal sees by itself, and what people ticked."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from apps.core import holds
from apps.core.domain.units import Unit, in_words
from apps.deployments.domain.checklist_parsing import parse_items
from apps.deployments.domain.checklists import Fact, Item, Phase, Result, Source, Tick, blocking, evaluated
from apps.deployments.domain.gates import Answer, Gate, Verdict
from apps.deployments.domain.standard_items import STANDARD_ITEMS
from apps.deployments.models import Deployment, DeploymentStep, Rollback, Service
from apps.flags import selectors as flags
from apps.monitoring import selectors as monitoring

RECENTLY = timedelta(minutes=5)
WORSE = 1.25  # times as before is no longer normal,
NORMAL_ERRORS, NORMAL_P95_MS = 0.001, 300.0  # unless it is below these aims all the same
# What alerts keeps for us as verdicts, under the names of these facts.
PUSHED = (Source.CHANNELS_CONFIGURED, Source.ALERT_RULES_ENABLED, Source.STATUS_PAGE_READY)
# Gates of their own see to these; the checklist only shows them.
GATED = frozenset(
    {Source.APPROVED, Source.SAME_COMMIT_ON_STAGING, Source.BACKUP_VERIFIED, Source.CI_TESTS, Source.CI_QUALITY}
)


def items_of(row: Deployment) -> tuple[Item, ...]:
    return items_kept(row.target.service)


def items_kept(service: Service) -> tuple[Item, ...]:
    """As the service keeps them, else the usual ones."""
    return STANDARD_ITEMS if service.checklist is None else parse_items(service.checklist)


def manual_items(row: Deployment) -> dict[str, Item]:
    """Those that a person may tick. An automatic one, too, while nothing tells how it is."""
    return {item.key: item for item in items_of(row)}


def results(row: Deployment, at: datetime) -> tuple[Result, ...]:
    ticks = {tick.item: Tick(tick.by_label, tick.at) for tick in row.ticks.all()}
    return evaluated(items_of(row), facts(row, at), ticks)


def checklist_answer(row: Deployment, at: datetime) -> Answer:
    """What has to be so before; what comes after is for people to see."""
    asked = [one for one in results(row, at) if one.item.phase is not Phase.AFTER and one.item.source not in GATED]
    words = blocking(asked)
    if words:
        return Answer(Gate.CHECKLIST, Verdict.WAITING, words)
    return Answer(Gate.CHECKLIST, Verdict.PASSED, "Every required item is passed.")


def facts(row: Deployment, at: datetime) -> Mapping[Source, Fact]:
    """As far as the portal knows them."""
    reports = {report.gate: report for report in row.gates.all()}
    found = {
        Source.APPROVED: _gate(reports, Gate.APPROVALS),
        Source.SAME_COMMIT_ON_STAGING: _gate(reports, Gate.STAGING),
        Source.TRAFFIC_DRIVER_READY: _driver(row, at),
        Source.ROLLBACK_TRIED: _rollback_tried(row),
        Source.FLAGS_LINKED_AND_LIVE: _flags(row),
        Source.MONITORING_ENABLED: _monitored(row),
        Source.HEALTH_CHECKS_PASSING: _healthy(row),
        Source.SMOKE_TESTS: _smoked(row),
        Source.ERROR_RATES_NORMAL: _no_worse(row, "error_share", NORMAL_ERRORS, _share),
        Source.PERFORMANCE_GOOD: _no_worse(row, "p95_ms", NORMAL_P95_MS, "{:,.0f} ms".format),
    }
    return {**found, **_pushed(row, at)}


def _gate(reports: Mapping[str, object], gate: Gate) -> Fact:
    report = reports.get(gate.value)
    verdict, reason = getattr(report, "verdict", ""), getattr(report, "reason", "")
    if not verdict:
        return Fact(None, "not looked at yet")
    return Fact(verdict in (Verdict.PASSED, Verdict.OVERRIDDEN, Verdict.NOT_ASKED), reason)


def _driver(row: Deployment, at: datetime) -> Fact:
    if row.target.driver == row.target.Driver.EXTERNAL:
        return Fact(True, "somebody else moves the traffic and reports it")
    seen = [slot for slot in row.target.slots.all() if slot.weight is not None and slot.seen_at]
    if any(slot.seen_at and slot.seen_at > at - RECENTLY for slot in seen):
        return Fact(True, "the proxy answered a moment ago")
    return Fact(None if not seen else False, "the proxy has not answered lately")


def _rollback_tried(row: Deployment) -> Fact:
    done = Rollback.objects.filter(deployment__target__service=row.target.service, status=Rollback.Status.DONE)
    last = done.order_by("-pk").first()
    return Fact(True, f"last on {last.asked_at:%Y-%m-%d}") if last else Fact(None, "it has never been rolled back")


def _flags(row: Deployment) -> Fact:
    """A flag that is missing here or killed would hide what the release brings."""
    states = {key: flags.changed_state(row.target.environment_id, key) for key in row.release.flags}
    bad = [key for key, state in states.items() if state is None or state.is_killed]
    if bad:
        return Fact(False, f"missing or killed: {', '.join(bad)}")
    return Fact(True, f"linked: {', '.join(states)}" if states else "no flag is linked to this release")


def _monitored(row: Deployment) -> Fact:
    names = monitoring.metric_names(row.target.environment)
    return Fact(bool(names), f"{len(names)} metrics arrive" if names else "no metric arrives here")


def _healthy(row: Deployment) -> Fact:
    slot = next((one for one in row.target.slots.all() if one.name == row.slot), None)
    return Fact(slot.healthy, slot.told) if slot and row.traffic_at else Fact(None, "not deployed yet")


def _smoked(row: Deployment) -> Fact:
    step = row.steps.filter(task=Deployment.Task.SMOKE).exclude(ended_at=None).order_by("-pk").first()
    if step is None:
        return Fact(None, "not run yet")
    return Fact(step.status == DeploymentStep.Status.DONE, step.words)


def _no_worse(row: Deployment, name: str, aim: float, words: Callable[[float], str]) -> Fact:
    """The minutes before the end, against those before the first traffic."""
    before, after = row.health_before.get(name), row.health_after.get(name)
    if after is None:
        return Fact(None, "not measured" if row.ended_at else "not over yet")
    told = words(after)
    if before is None:
        return Fact(after <= aim, f"{told}; before it nothing was measured")
    return Fact(after <= max(aim, before * WORSE), f"{told}, after {words(before)} before it")


def _share(share: float) -> str:
    return in_words(share, Unit.RATIO)


def _pushed(row: Deployment, at: datetime) -> dict[Source, Fact]:
    said = holds.verdicts(row.target.environment_id, [source.value for source in PUSHED], at)
    return {
        source: Fact(None if verdict.words == "no verdict yet" else verdict.green, verdict.words)
        for source, verdict in zip(PUSHED, said, strict=True)
    }
