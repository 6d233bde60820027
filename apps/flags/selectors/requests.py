"""Change requests that this app applies, and what they are about."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from apps.core import selectors as core
from apps.core.models import ChangeRequest, Environment, Project
from apps.flags.models import Flag, FlagState, ScheduledChange, Segment


def ours(rows: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
    return rows.filter(kind__startswith="flags.")


def subject(
    kind: type[Flag] | type[FlagState] | type[Segment], project: Project, key: str, environment: Environment | None
) -> Flag | FlagState | Segment | None:
    """What a proposal names by its key."""
    if kind is FlagState:
        return FlagState.objects.filter(flag__project=project, flag__key=key, environment=environment).first()
    if kind is Segment:
        return Segment.objects.filter(project=project, key=key).first()
    return Flag.objects.filter(project=project, key=key).first()


def subject_of(request: ChangeRequest) -> Flag | FlagState | Segment:
    """What a request is about, as it is now."""
    pk = int(request.subject_id)
    if request.subject_type == FlagState._meta.label_lower:
        return FlagState.objects.select_related("flag__project", "environment__project").get(pk=pk)
    if request.subject_type == Segment._meta.label_lower:
        return Segment.objects.get(pk=pk)
    return Flag.objects.get(pk=pk)


def waiting_requests(project: Project, *subjects: Flag | FlagState | Segment) -> QuerySet[ChangeRequest]:
    """Pending ones about any of these."""
    about = Q()
    for one in subjects:
        about |= Q(subject_type=one._meta.label_lower, subject_id=str(one.pk))
    return core.change_requests(project).filter(about, status=ChangeRequest.Status.PENDING)


def schedules(project: Project) -> QuerySet[ScheduledChange]:
    """Newest first."""
    rows = ScheduledChange.objects.filter(state__flag__project=project)
    return rows.select_related("state__flag__project", "state__environment__project").order_by("-id")


def open_schedules(state: FlagState) -> Sequence[ScheduledChange]:
    """What waits and what could not be applied, in the order of their times."""
    wanted = (ScheduledChange.Status.PENDING, ScheduledChange.Status.CONFLICT)
    return list(ScheduledChange.objects.filter(state=state, status__in=wanted).order_by("apply_at", "id"))
