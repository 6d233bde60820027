"""What deployments below ask of alerting, for many environments at once: is an incident open, would anybody hear of
one, does anything watch, and would the public be told. A fixed number of queries."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from apps.alerts.domain.rules import Severity
from apps.alerts.models import AlertRule, Channel, Incident, StatusComponent, StatusPage
from apps.deployments.selectors import DeployedTo

HOLDING = tuple(one for one in Severity if one.rank >= Severity.ERROR.rank)  # nobody should deploy into these


class Ready(NamedTuple):
    environment_id: int
    incident: Incident | None  # open and severe: the worst, of these the first
    channels: int  # that are on and lead somewhere
    rules: int  # that are on
    page: bool  # the status page is published
    components: int


def readiness(places: Collection[DeployedTo], built_in: Collection[str]) -> list[Ready]:
    """`built_in`: keys of the channels that the settings name."""
    environments = [one.environment_id for one in places]
    incidents, channels = _incidents(environments), _channels({one.project_id for one in places}, built_in)
    rules = _counted(AlertRule.objects.filter(environment__in=environments, enabled=True))
    components = _counted(StatusComponent.objects.filter(environment__in=environments))
    pages = StatusPage.objects.filter(environment__in=environments, published=True)
    published = set(pages.values_list("environment", flat=True))
    return [
        Ready(
            place.environment_id,
            incidents.get(place.environment_id),
            channels[place.project_id],
            rules[place.environment_id],
            place.environment_id in published,
            components[place.environment_id],
        )
        for place in places
    ]


def _incidents(environments: Iterable[int]) -> dict[int, Incident]:
    found: dict[int, Incident] = {}
    for row in Incident.objects.open().filter(environment__in=environments, severity__in=HOLDING).order_by("opened_at"):
        known = found.get(row.environment_id)
        if known is None or Severity(row.severity).rank > Severity(known.severity).rank:
            found[row.environment_id] = row
    return found


def _channels(projects: Iterable[int], built_in: Collection[str]) -> Counter[int]:
    """Those of the settings count from the start: a row for each comes with the first notice."""
    rows = Channel.objects.filter(project__in=projects).values_list("project", "key", "built_in", "enabled")
    known = list(rows)
    counted = Counter(project for project, key, ours, on in known if on and (not ours or key in built_in))
    have = {(project, key) for project, key, ours, _on in known if ours}
    for project in projects:
        counted[project] += sum((project, key) not in have for key in built_in)
    return counted


def _counted(rows: QuerySet[AlertRule] | QuerySet[StatusComponent]) -> Counter[int]:
    return Counter(rows.values_list("environment", flat=True))
