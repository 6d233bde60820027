"""The history of an environment, narrowed, page by page. Each page is a fixed number of queries, however long it is."""

from django.db.models import Prefetch, Q, QuerySet

from apps.core.models import Environment
from apps.deployments.domain import states
from apps.deployments.models import Deployment, Release, Rollback, Target

NARROWED = {
    "active": states.ACTIVE,
    "waiting": states.WAITING,
    "over": states.OVER,
    "rolled-back": frozenset({states.State.ROLLING_BACK, states.State.ROLLBACK_FAILED, states.State.ROLLED_BACK}),
}


def history(
    environment: Environment, *, service: str = "", state: str = "", search: str = "", before: int | None = None
) -> QuerySet[Deployment]:
    """Newest first. `before` is the number of the last deployment of the page that was read before."""
    found = _lines(Deployment.objects.filter(target__in=_target_ids(environment, service)))
    if state in NARROWED:
        found = found.filter(state__in=sorted(NARROWED[state]))
    if search:
        found = found.filter(release__in=_releases(environment, search))
    if state in ("active", "waiting"):
        found = found.filter(due_at__isnull=False)  # which has an index of these few
    return found.filter(pk__lt=before) if before else found


def under_way(environment: Environment) -> QuerySet[Deployment]:
    """What holds a target, and then what waits for something, oldest first."""
    open_ = Deployment.objects.filter(due_at__isnull=False, target__environment=environment)
    return _lines(open_).order_by("pk")


def _lines(rows: QuerySet[Deployment]) -> QuerySet[Deployment]:
    """With what a line of the history says."""
    found = rows.select_related("target__service", "target__environment", "release", "previous")
    return found.prefetch_related("gates", Prefetch("rollbacks", Rollback.objects.order_by("pk"))).order_by("-pk")


def _target_ids(environment: Environment, service: str) -> list[int]:
    """Named one by one, the newest deployments are read off the index instead of sorted."""
    rows = Target.objects.filter(environment=environment)
    return list((rows.filter(service__key=service) if service else rows).values_list("pk", flat=True))


def _releases(environment: Environment, search: str) -> QuerySet[Release]:
    fits = Q(number__icontains=search) | Q(commit_sha__istartswith=search)
    return Release.objects.filter(fits, service__project=environment.project_id)
