"""What people are told about a deployment when the trail says that something happened to it: which kind of message, and
its words. Who is told, and through what, is not known here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.core.domain.units import Unit, in_words
from apps.core.models import AuditEntry
from apps.deployments.domain.messages import DEFAULTS, Kind, Template, rendered
from apps.deployments.domain.states import State
from apps.deployments.models import Deployment, MessageTemplate, Rollback
from apps.deployments.selectors.gates import approvals_needed, request_of

SUBJECT = "deployments.deployment"
ASKED = ("deployments.requested", "deployments.hotfix_requested")  # news where it is for later
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(ASKED, Kind.PLANNED),
    "deployments.preparing": Kind.STARTED,
    "deployments.awaiting_approval": Kind.AWAITING_APPROVAL,
    "deployments.succeeded": Kind.SUCCEEDED,
    "deployments.failed_before_traffic": Kind.FAILED,
    "deployments.rollback_failed": Kind.FAILED,
    "deployments.rolled_back": Kind.ROLLED_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A deployment as people name it."""

    pk: int
    environment_id: int
    service: str  # key
    version: str
    previous: str  # version before; empty: none
    words: str  # as in "web 1.4.2"
    place: str  # the environment's name
    traffic_at: datetime | None  # when users met it first
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    kind: Kind
    about: About
    subject: str
    body: str
    grave: bool  # it failed on its way back: a person is needed now


def about(deployment_id: int | str) -> About | None:
    row = Deployment.objects.with_all().filter(pk=deployment_id).first()
    return None if row is None else _about(row)


def news_of(entry: AuditEntry, url: str) -> News | None:
    """`url`: of the deployment's page. None: nobody has to be told of this."""
    kind = KINDS.get(entry.kind)
    row = Deployment.objects.with_all().filter(pk=entry.subject_id).first() if kind else None
    if kind is None or row is None or (kind is Kind.PLANNED and row.scheduled_at is None):
        return None
    subject, body = message(row.target.service.project_id, kind, _values(row, entry, url))
    return News(kind=kind, about=_about(row), subject=subject, body=body, grave=entry.kind.endswith("rollback_failed"))


def message(project_id: int, kind: Kind, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body, in the project's own words where it has some."""
    own = MessageTemplate.objects.filter(project=project_id, kind=kind.name).first()
    return rendered(Template(own.subject, own.body) if own else DEFAULTS[kind], values)


def _about(row: Deployment) -> About:
    return About(
        pk=row.pk,
        environment_id=row.target.environment_id,
        service=row.target.service.key,
        version=row.release.number,
        previous=row.previous.number if row.previous else "",
        words=f"{row.target.service.key} {row.release.number}",
        place=row.target.environment.name,
        traffic_at=row.traffic_at,
        ended_at=row.ended_at,
    )


def _values(row: Deployment, entry: AuditEntry, url: str) -> dict[str, str]:
    release, back = row.release, row.rollbacks.order_by("-pk").first()
    before = row.previous or row.target.live_release
    began, ended = row.started_at or row.scheduled_at or entry.at, row.ended_at
    return {
        "service": row.target.service.name,
        "environment": row.target.environment.name,
        "version": release.number,
        "from_version": before.number if before else "",
        "commit": release.commit_sha[:7],
        "message": release.commit_message.partition("\n")[0],
        "author": release.commit_author,
        "actor": _actor(row, entry, back),
        "strategy": str(row.get_strategy_display()).lower(),
        "weight": _weight(row),
        "step": _("%(n)d of %(all)d") % {"n": row.position + 1, "all": len(row.plan["steps"])},
        "approvals": _approvals(row),
        "starts_at": _moment(began),
        "ends_at": _moment(ended),
        "duration": _took(row, back),
        "reason": back.reason if back and entry.kind.endswith("rolled_back") else entry.reason or row.words,
        "method": str(back.get_method_display()).lower() if back else "",
        "url": url,
    }


def _actor(row: Deployment, entry: AuditEntry, back: Rollback | None) -> str:
    """A person, or the rule that asked for it; for what goes by itself, whoever asked for the deployment."""
    if back and row.state in (State.ROLLING_BACK, State.ROLLED_BACK, State.ROLLBACK_FAILED):
        return _("the rule %s") % back.trigger if back.automatic and back.trigger else back.asked_by_label
    return row.requested_by_label if entry.actor_kind == AuditEntry.ActorKind.SYSTEM else entry.actor_label


def _weight(row: Deployment) -> str:
    slot = row.target.slots.filter(name=row.slot).first() if row.slot else None
    weight = slot.weight if slot and slot.weight is not None else 0
    return in_words(weight / 1_000, Unit.PERCENT)


def _approvals(row: Deployment) -> str:
    request = request_of(row)
    given = request.votes.filter(approves=True).count() if request else 0
    return _("%(n)d of %(all)d") % {"n": given, "all": approvals_needed(row)}


def _took(row: Deployment, back: Rollback | None) -> str:
    if back and back.verified_at:
        return _length(back.verified_at - back.asked_at)
    return _length(row.ended_at - row.started_at) if row.started_at and row.ended_at else ""


def _length(length: timedelta) -> str:
    """To the minute once it is longer than two, as in "1 h 5 min"."""
    seconds = max(round(length.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    hours, minutes = seconds // 3_600, seconds // 60 % 60
    return " ".join(f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min")) if count)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
