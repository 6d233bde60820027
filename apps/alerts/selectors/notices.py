"""What decides about a notice: labels, routes, silences, open alerts of a pair, and what was changed before."""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from apps.alerts.domain import routing, silences
from apps.alerts.domain.labels import Labels, label_set, read_matchers
from apps.alerts.domain.pairs import Live
from apps.alerts.domain.rules import Severity
from apps.alerts.models import Alert, AlertRule, Route, Silence
from apps.core import selectors as core
from apps.core.models import AuditEntry, Environment
from apps.flags.domain.engine.definitions import InvalidDefinition

logger = logging.getLogger(__name__)
ENVIRONMENT_LABEL = "environment"
CHANGES, LOOKED_AT, CHANGED_WITHIN = 5, 50, timedelta(days=1)
DEPLOYED = ("deployments.rolling", "deployments.rolled_back", "deployments.recorded")  # moved traffic


def labels_of(alert: Alert) -> Labels:
    """What routes and silences match: the series' own labels, and those of its rule and its environment, which win."""
    ours = {
        routing.RULE_LABEL: alert.key,
        routing.SEVERITY_LABEL: alert.severity,
        ENVIRONMENT_LABEL: alert.environment.key,
    }
    return label_set(dict(alert.labels) | ours)


def routes(project_id: int) -> tuple[routing.Route, ...]:
    """In the order in which they are asked. One that cannot be read is passed over, so that the others still work."""
    found = []
    for row in Route.objects.filter(project_id=project_id).order_by("position", "pk"):
        try:
            found.append(_route(row))
        except (InvalidDefinition, TypeError):
            logger.exception("route %s of project %s cannot be read", row, project_id)
    return tuple(found)


def active_silences(environment: Environment, at: datetime) -> list[tuple[Silence, silences.Silence]]:
    rows = Silence.objects.active(at).filter(project_id=environment.project_id).order_by("-ends_at", "pk")
    here = [row for row in rows if row.environment_id in (None, environment.pk)]
    return [
        (row, silences.Silence(read_matchers("matchers", row.matchers), row.starts_at, row.ends_at)) for row in here
    ]


def live_of_pairs(environment_id: int, pairs: Iterable[str]) -> list[Live]:
    """What fires now in these pairs."""
    wanted = [pair for pair in pairs if pair]
    if not wanted:
        return []
    rows = Alert.objects.open().filter(environment_id=environment_id, kind=Alert.Kind.FIRING)
    return [live_of(row) for row in rows.filter(definition__pair__in=wanted)]


def live_of(alert: Alert) -> Live:
    return Live(alert.key, Severity(alert.severity), alert.definition.get("pair", ""), label_set(alert.labels))


def most_severe(environment_id: int, pairs: Collection[str]) -> dict[str, Severity]:
    """Of each pair the highest severity among its rules that are on: it could mute the others."""
    if not pairs:
        return {}
    rules = AlertRule.objects.filter(environment_id=environment_id, enabled=True, definition__pair__in=list(pairs))
    found: dict[str, Severity] = {}
    for pair, severity in rules.values_list("definition__pair", "severity"):
        found[pair] = max(Severity(severity), found.get(pair, Severity.INFO), key=lambda one: one.rank)
    return found


def recent_changes(environment: Environment, at: datetime) -> Sequence[AuditEntry]:
    """Of flags and deployments, the last few in this environment within a day, the newest first. The steps of one
    deployment are one change."""
    entries = core.audit_entries().filter(project_id=environment.project_id, environment_id=environment.pk)
    meant = Q(kind__startswith="flags.") | Q(kind__in=DEPLOYED)
    found: dict[object, AuditEntry] = {}
    for entry in entries.filter(meant, at__lte=at, at__gt=at - CHANGED_WITHIN)[:LOOKED_AT]:
        found.setdefault((entry.kind, entry.subject_id) if entry.kind in DEPLOYED else entry.pk, entry)
    return list(found.values())[:CHANGES]


def _route(row: Route) -> routing.Route:
    return routing.Route(
        key=row.key,
        matchers=read_matchers("matchers", row.matchers),
        channels=tuple(row.channels),
        group_by=None if row.group_by is None else tuple(row.group_by),
        continues=row.continues,
    )
