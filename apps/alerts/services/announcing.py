"""Messages that no alert is behind: about deployments, and of maintenance that somebody announces. The project's routes
choose the channels, and each choice becomes a row of the outbox, once for each entry of the trail and each channel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.alerts.domain import routing
from apps.alerts.domain.labels import Labels, label_set
from apps.alerts.domain.rules import Severity
from apps.alerts.gateways.messages import DEPLOYMENT, Notice, dump_notice
from apps.alerts.models import Channel, Notification
from apps.alerts.selectors import notices
from apps.alerts.services import channels, notifying, trail
from apps.alerts.services.notifying import CHAT, EVERYWHERE
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.models import AuditEntry, Environment
from apps.deployments import selectors as deployments
from apps.deployments.domain.messages import Kind

RULE = "deployment"  # what routes and silences know these messages by: the label `alertname`
LONGEST = 2_000  # characters of an announcement


class InvalidMaintenance(ValidationError):
    """`message_dict` maps each field to its problems."""


@dataclass(frozen=True, slots=True)
class Announcement:
    entry: AuditEntry  # of the trail, that it tells of
    environment: Environment
    subject: str
    body: str
    about: Mapping[str, str]  # labels of its own: kind, service
    severity: Severity
    url: str

    @property
    def labels(self) -> dict[str, str]:
        """What routes and silences match."""
        ours = {routing.RULE_LABEL: RULE, routing.SEVERITY_LABEL: self.severity.value}
        return {**self.about, **ours, notices.ENVIRONMENT_LABEL: self.environment.key}


def announce_maintenance(
    *,
    environment_id: int,
    text: str,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    at: datetime,
    service: str = "",
    reason: str = "",
) -> list[Notification]:
    """In the project's own words for it. `service`: its key; empty for all of the environment. Raises
    InvalidMaintenance."""
    with transaction.atomic():
        environment = Environment.objects.select_related("project").get(pk=environment_id)
        name = _checked(environment, text, starts_at, ends_at, service)
        place = f"{settings.PUBLIC_URL}/admin/p/{environment.project.key}/{environment.key}/"
        values = {
            "service": name,
            "environment": environment.name,
            "starts_at": f"{starts_at:%Y-%m-%d %H:%M} UTC",
            "ends_at": f"{ends_at:%Y-%m-%d %H:%M} UTC",
            "reason": text.strip(),
            "actor": actor.label,
            "url": place,
        }
        words = deployments.message(environment.project_id, Kind.MAINTENANCE, values)
        told = changes({}, {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "text": text.strip()})
        entry = trail.record(
            "alerts.maintenance_announced", environment, told, actor=actor, reason=reason or text.strip(), at=at
        )
        about = {"kind": Kind.MAINTENANCE.value, "service": service}
        announce(Announcement(entry, environment, *words, about, Severity.INFO, place), at)
    return list(Notification.objects.filter(entry=entry).select_related("channel").order_by("pk"))


def announce(one: Announcement, at: datetime) -> None:
    """In the transaction of whoever calls. Asked again about the same entry, it adds nothing."""
    environment, labels = one.environment, label_set(one.labels)
    channels.adopt_built_in(environment.project_id, at)
    content = dump_notice(_notice(one))
    silenced = notifying.silenced(notices.active_silences(environment, at), labels, at)
    rows = []
    for channel, why in _chosen(environment.project_id, labels, one.severity):
        row = Notification(entry=one.entry, channel=channel, kind=DEPLOYMENT, content=content, why=why)
        rows.append(notifying.ready(row, notifying.off(channel) or silenced, at, at))
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def _notice(one: Announcement) -> Notice:
    seen, _line, rest = one.body.partition("\n")
    return Notice(
        kind=DEPLOYMENT,
        severity=one.severity.value,
        rule=RULE,
        name=one.subject,
        project=one.environment.project.key,
        environment=one.environment.key,
        seen=seen,
        at=one.entry.at.isoformat(),
        description=rest,
        labels={name: value for name, value in one.about.items() if value},
        url=one.url,
    )


def _chosen(project_id: int, labels: Labels, severity: Severity) -> Iterator[tuple[Channel, str]]:
    """Each once, with the reason. Sentry gathers faults and gets none of these."""
    routes, known = notices.routes(project_id), channels.usable(project_id)
    open_to = {key: channel for key, channel in known.items() if channel.kind != Channel.Kind.SENTRY}
    if not routes:
        why = f"there are no routes, and messages that are {severity.value} go here without"
        yield from ((one, why) for one in open_to.values() if severity in EVERYWHERE or one.kind in CHAT)
    for route in routing.routes_for(routes, labels):
        for key in route.channels:
            if key in open_to:
                yield open_to.pop(key), f"route {route.key}"


def _checked(environment: Environment, text: str, starts_at: datetime, ends_at: datetime, service: str) -> str:
    """What the maintenance is of, in words."""
    problems: dict[str, list[str]] = {}
    if not 0 < len(text.strip()) <= LONGEST:
        problems["text"] = [f"Say in 1 to {LONGEST:,} characters what happens."]
    if ends_at <= starts_at:
        problems["ends_at"] = ["It has to end after it starts."]
    found = deployments.services(environment.project).filter(key=service).first() if service else None
    if service and found is None:
        problems["service"] = [f"There is no service {service} in this project."]
    if problems:
        raise InvalidMaintenance(problems)
    return found.name if found else environment.project.name
