"""What each gate says of a deployment at a moment, from the rows of this app, the ledger and the holds below."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from apps.core import holds
from apps.core import selectors as core
from apps.core.models import ChangeRequest, Environment
from apps.deployments.domain.gates import Answer, Gate, Verdict, Waived, not_asked, waived
from apps.deployments.models import Deployment
from apps.deployments.selectors.calendars import answer as calendar_answer
from apps.deployments.selectors.checklists import checklist_answer

START = "deployments.start"  # the kind of request in the ledger
OPEN_INCIDENT = "open_incident"  # the hold that alerts keeps for every environment in which somebody deploys
LATER = "Nothing reports it yet."


def answers(row: Deployment, at: datetime, gates: Iterable[Gate] = Gate) -> tuple[Answer, ...]:
    """Of these gates, in their order."""
    asked = {Gate(name) for name, wanted in row.target.gates.items() if wanted}
    passes = {one.gate: Waived(one.by_label, one.reason) for one in row.overrides.all()}
    found = [_READ[gate](row, at) if gate in asked or gate in ALWAYS else not_asked(gate) for gate in gates]
    return tuple(waived(answer, passes.get(answer.gate), hotfix=row.hotfix) for answer in found)


def request_of(row: Deployment) -> ChangeRequest | None:
    """The request for approval of its present plan; None where nobody is asked."""
    found = core.change_requests(row.target.service.project).filter(
        kind=START, subject_type=row._meta.label_lower, subject_id=str(row.pk)
    )
    return found.exclude(status=ChangeRequest.Status.OUTDATED).order_by("-pk").first()


def approvals_needed(row: Deployment) -> int:
    """An emergency needs one person at most."""
    asked = row.target.environment.approvals_needed
    return min(asked, 1) if row.hotfix else asked


def _approvals(row: Deployment, at: datetime) -> Answer:
    count = approvals_needed(row)
    if count == 0:
        return not_asked(Gate.APPROVALS, "This environment asks nobody.")
    request = request_of(row)
    valid = request is not None and request.patch.get("plan") == row.plan_digest
    given = [vote.voter_label for vote in request.votes.all() if vote.approves] if request and valid else []
    if len(given) >= count:
        return Answer(Gate.APPROVALS, Verdict.PASSED, f"Approved by {', '.join(given)}.")
    more = count - len(given)
    who = "somebody other than who asked for it" if more == 1 else f"{more} people other than who asked for it"
    return Answer(Gate.APPROVALS, Verdict.WAITING, f"Waits for approval by {who} ({len(given)} of {count}).")


def _staging(row: Deployment, at: datetime) -> Answer:
    target, release = row.target, row.release
    if target.environment.kind != Environment.Kind.PRODUCTION:
        return not_asked(Gate.STAGING, "Only asked for in production.")
    there = Deployment.objects.filter(
        target__service=target.service, target__environment__kind=Environment.Kind.STAGING
    )
    same = Q(release=release) | Q(release__commit_sha=release.commit_sha) & ~Q(release__commit_sha="")
    found = there.filter(same, state=Deployment.State.SUCCEEDED).order_by("-ended_at").first()
    if found is None:
        which = release.commit_sha[:12] or release.number
        return Answer(Gate.STAGING, Verdict.FAILED, f"{which} has not been deployed to staging successfully.")
    return Answer(Gate.STAGING, Verdict.PASSED, f"It succeeded on staging at {found.ended_at:%Y-%m-%d %H:%M} UTC.")


def _calendar(row: Deployment, at: datetime) -> Answer:
    found = calendar_answer(row.target, at)
    verdict = Verdict.PASSED if found.verdict.may_start else Verdict.WAITING
    return Answer(Gate.CALENDAR, verdict, found.reason, found.opens_at)


def _holds(row: Deployment, at: datetime) -> Answer:
    said = holds.verdicts(row.target.environment_id, (OPEN_INCIDENT, *row.target.guards), at)
    red = [f"{one.name}: {one.words}" for one in said if not one.green]
    if red:
        return Answer(Gate.HOLDS, Verdict.WAITING, f"Held by {'; '.join(red)}.")
    return Answer(Gate.HOLDS, Verdict.PASSED, "No incident is open and every guard is green.")


def _lock(row: Deployment, at: datetime) -> Answer:
    others = row.target.deployments.exclude(pk=row.pk)
    active = others.active().select_related("release").first()
    if active is not None:
        return Answer(Gate.LOCK, Verdict.WAITING, f"{active.release} is being deployed here; this one is next.")
    ahead = others.filter(state=Deployment.State.QUEUED, hotfix=row.hotfix, pk__lt=row.pk)
    ahead |= others.filter(state=Deployment.State.QUEUED, hotfix=True) if not row.hotfix else ahead.none()
    first = ahead.exclude(scheduled_at__gt=at).select_related("release").order_by("-hotfix", "pk").first()
    if first is not None:
        return Answer(Gate.LOCK, Verdict.WAITING, f"{first.release} is before this one in the queue.")
    return Answer(Gate.LOCK, Verdict.PASSED, "No other deployment is under way here.")


def _later(gate: Gate) -> Answer:
    return not_asked(gate, LATER)


_READ = {
    Gate.STAGING: _staging,
    Gate.CHECKLIST: checklist_answer,
    Gate.EVIDENCE: lambda row, at: _later(Gate.EVIDENCE),
    Gate.BACKUP: lambda row, at: _later(Gate.BACKUP),
    Gate.APPROVALS: _approvals,
    Gate.CALENDAR: _calendar,
    Gate.HOLDS: _holds,
    Gate.LOCK: _lock,
}
ALWAYS = frozenset({Gate.APPROVALS, Gate.LOCK})
