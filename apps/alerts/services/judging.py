"""Judging rules: every due one is stepped once, whoever sweeps, and what follows is written in the same transaction.
Nothing is sent and nobody else's rows are changed here; that work is left as rows."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from apps.alerts.domain.instances import Failed, Instance, Kind, Stepped, TooManySeries, Transition, Vector, step
from apps.alerts.domain.instances import State as InstanceState
from apps.alerts.domain.labels import Labels
from apps.alerts.domain.rules import Rule
from apps.alerts.domain.storing import dump_instances
from apps.alerts.models import Alert, AlertRule, Response, RuleStanding
from apps.alerts.selectors.definitions import instances_of, rule_of
from apps.alerts.selectors.vectors import vector_at
from apps.alerts.services import joining, notifying, trail
from apps.core import holds
from apps.core.database import DATABASE_AWAY
from apps.core.models import Hold

logger = logging.getLogger(__name__)
LABELS = UUID("8b2e6f0a-3a1c-4a63-9f6c-2f0c0c6a4b11")  # any constant: what fingerprints of label sets are made with
VERDICT_PERIODS = 4  # for how many evaluations a guard's verdict holds: one that is late must not stop a rollout


def judge_due(*, at: datetime) -> int:
    """Every enabled rule whose time has come, each in a transaction of its own; returns how many were judged."""
    due = RuleStanding.objects.filter(due_at__lte=at, rule__enabled=True).order_by("due_at", "pk")
    return sum(_judged(rule_id, at) for rule_id in list(due.values_list("pk", flat=True)))


def judge(*, rule_id: int, at: datetime) -> Stepped | None:
    """Step one rule. None when somebody else is at it, or it was judged already."""
    with transaction.atomic():
        standing = _claimed(rule_id, at)
        if standing is None:
            return None
        row = standing.rule
        rule, before = rule_of(row), instances_of(standing)
        found = _answer(row, rule, at)
        try:
            stepped = step(rule, before, found, at)
        except TooManySeries as refusal:
            found = Failed(str(refusal))
            stepped = Stepped(before, ())
        standing.instances = dump_instances(stepped.instances)
        standing.error = found.words[:500] if isinstance(found, Failed) else ""
        standing.judged_at, standing.due_at = at, at + timedelta(seconds=settings.JUDGE_SECONDS)
        standing.save()
        turned = [alert for transition in stepped.transitions for alert in _follow(row, rule, transition, at)]
        _follow_values(row, rule, stepped)
        joining.follow(row.environment, turned, at)  # after all that writes alerts: locking.py says why
        notifying.tell(row.environment, rule, turned, at)
        if rule.guard and not isinstance(found, Failed):
            _say(row, rule, stepped, at)
    return stepped


def _judged(rule_id: int, at: datetime) -> bool:
    """A rule that cannot be judged must not stop the others; without a database nothing can go on."""
    try:
        return judge(rule_id=rule_id, at=at) is not None
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("alert rule %s cannot be judged", rule_id)
        standing = RuleStanding.objects.filter(pk=rule_id)
        standing.update(error=str(error)[:500], due_at=at + timedelta(seconds=settings.JUDGE_SECONDS))
        return False


def _claimed(rule_id: int, at: datetime) -> RuleStanding | None:
    rows = RuleStanding.objects.select_for_update(of=("self",), skip_locked=True).select_related(
        "rule__environment__project"
    )
    return rows.filter(pk=rule_id, due_at__lte=at, rule__enabled=True).first()


def _answer(row: AlertRule, rule: Rule, at: datetime) -> Vector | Failed:
    """In a savepoint: a query that fails is an answer, too, and no reason to lose the rule's standing."""
    try:
        with transaction.atomic():
            return vector_at(row.environment_id, rule, at)
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("the query of alert rule %s failed", row)
        return Failed(f"{type(error).__name__}: {error}")


def _follow(row: AlertRule, rule: Rule, transition: Transition, at: datetime) -> list[Alert]:
    """The alerts that it closed or opened."""
    if transition.kind in (Kind.FIRED, Kind.NO_DATA):
        closed = _close(row, rule, transition, at)  # no data and firing follow each other as two alerts
        return [*closed, _open(row, rule, transition, at)]
    if transition.kind in (Kind.RESOLVED, Kind.RETURNED, Kind.DROPPED):
        return _close(row, rule, transition, at)
    return []


def _open(row: AlertRule, rule: Rule, transition: Transition, at: datetime) -> Alert:
    now = transition.instance
    alert = Alert.objects.create(
        environment=row.environment,
        rule=row,
        key=rule.key,
        name=rule.name,
        severity=rule.severity,
        kind=Alert.Kind.NO_DATA if transition.kind is Kind.NO_DATA else Alert.Kind.FIRING,
        labels=dict(transition.labels),
        fingerprint=fingerprint(transition.labels),
        definition=row.definition,
        value=now.value,
        peak=now.value,
        active_at=now.active_at or at,
        fired_at=at,
    )
    if row.response and alert.kind == Alert.Kind.FIRING:
        config = dict(row.response)
        Response.objects.create(
            alert=alert,
            kind=config.pop("kind"),
            dry_run=config.pop("dry_run", False),
            config=config,
            created_at=at,
            due_at=at,
        )
    trail.record("alerts.fired", alert, {"state": [None, alert.kind]}, reason=f"{_seen(rule, now)}.", at=at)
    return alert


def _close(row: AlertRule, rule: Rule, transition: Transition, at: datetime) -> list[Alert]:
    closed = list(
        row.alerts.open().filter(fingerprint=fingerprint(transition.labels)).select_related("environment__project")
    )
    for alert in closed:
        alert.resolved_at, alert.value = at, transition.instance.value
        alert.version += 1
        alert.save()
        changed = {"state": [alert.kind, "RESOLVED"]}
        trail.record("alerts.resolved", alert, changed, reason=_seen(rule, transition.instance), at=at)
    return closed


def _follow_values(row: AlertRule, rule: Rule, stepped: Stepped) -> None:
    """Open alerts show the last value and the worst one."""
    firing = {fingerprint(labels): one.value for labels, one in stepped.instances.items() if _fires(one)}
    if not firing:
        return
    worst = max if rule.comparison.upward else min
    for alert in row.alerts.open().filter(fingerprint__in=list(firing)):
        value = firing[alert.fingerprint]
        if value is not None and value != alert.value:
            alert.value, alert.peak = value, value if alert.peak is None else worst(alert.peak, value)
            alert.save(update_fields=["value", "peak"])


def _say(row: AlertRule, rule: Rule, stepped: Stepped, at: datetime) -> None:
    """What flags and rollouts below may read: red while any series fires or has no data."""
    bad: Sequence[Instance] = [one for one in stepped.instances.values() if _fires(one)]
    holds.write(
        environment_id=row.environment_id,
        guard=rule.guard,
        verdict=Hold.Verdict.RED if bad else Hold.Verdict.GREEN,
        reason=f"{rule.name}: {_seen(rule, bad[0])}" if bad else f"{rule.key} is well",
        valid_until=at + timedelta(seconds=VERDICT_PERIODS * settings.JUDGE_SECONDS),
        at=at,
        actor=trail.ITSELF,
    )


def fingerprint(labels: Labels) -> UUID:
    return uuid5(LABELS, repr(labels))


def _fires(one: Instance) -> bool:
    return one.state in (InstanceState.FIRING, InstanceState.NO_DATA)


def _seen(rule: Rule, one: Instance) -> str:
    return "no data" if one.value is None else rule.in_words(one.value)
