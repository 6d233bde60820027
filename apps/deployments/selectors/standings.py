"""How many targets stand at once: what is under way at each, and the last deployment that succeeded there."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db.models import OuterRef, Subquery

from apps.deployments.domain import states
from apps.deployments.models import Deployment, Target


@dataclass(frozen=True, slots=True)
class Standing:
    open: Deployment | None = None  # what holds the target, else the first that waits
    last: Deployment | None = None  # that succeeded


def standings(target_ids: Collection[int]) -> dict[int, Standing]:
    """By target; two queries."""
    found: dict[int, Standing] = {}
    for row in _last(target_ids):
        found[row.target_id] = Standing(last=row)
    for row in _open(target_ids):
        kept = found.get(row.target_id, Standing())
        if kept.open is None or row.state in states.ACTIVE:
            found[row.target_id] = replace(kept, open=row)
    return found


def _open(target_ids: Collection[int]) -> list[Deployment]:
    rows = Deployment.objects.filter(target__in=target_ids, due_at__isnull=False)
    return list(rows.select_related("release").order_by("pk"))


def _last(target_ids: Collection[int]) -> list[Deployment]:
    """The newest of each target off its index, however many there are."""
    ended = Deployment.objects.filter(target=OuterRef("pk"), state=states.State.SUCCEEDED)
    newest = ended.order_by("-requested_at", "-pk").values("pk")[:1]
    rows = Target.objects.filter(pk__in=target_ids).annotate(last=Subquery(newest)).values("last")
    return list(Deployment.objects.filter(pk__in=rows))
