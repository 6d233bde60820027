"""A release and its deployment in one go, and a look at what would come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core.audit import Actor
from apps.deployments.domain.gates import Answer
from apps.deployments.domain.plans import Plan, parse_plan
from apps.deployments.models import Deployment, Release, Target
from apps.deployments.selectors import gates
from apps.deployments.services.catalogue import create_release
from apps.deployments.services.requesting import InvalidDeployment, request_deployment


@dataclass(frozen=True, slots=True)
class Preview:
    """What the same request would be at this moment. Its rows are not kept."""

    release: Release
    plan: Plan
    answers: tuple[Answer, ...]  # of every gate
    approvals: int  # how many people are asked
    live: Release | None


def release_and_request(
    *,
    target_id: int,
    version: str,
    release: Mapping[str, Any] | None = None,
    actor: Actor,
    reason: str,
    at: datetime,
    **asked: Any,
) -> Deployment:
    """`release`: the fields of a version that is made on the way; None: it is there already. `asked` is what
    request_deployment takes. Raises what that and create_release raise, and InvalidDeployment for a version that is not
    known."""
    with transaction.atomic():
        service_id = Target.objects.values_list("service_id", flat=True).get(pk=target_id)
        if release is None:
            found = Release.objects.filter(service=service_id, number=version).first()
            if found is None:
                raise InvalidDeployment({"version": [f"there is no version {version} of this service"]})
        else:
            found = create_release(service_id=service_id, number=version, actor=actor, reason=reason, at=at, **release)
        return request_deployment(target_id=target_id, release_id=found.pk, actor=actor, reason=reason, at=at, **asked)


def preview_request(*, target_id: int, at: datetime, **asked: Any) -> Preview:
    """The very same request, looked at and taken back, so that nothing is told which would not be so. Raises what
    release_and_request raises."""
    with transaction.atomic():
        row = release_and_request(target_id=target_id, at=at, **asked)
        seen = _seen(row, at)
        transaction.set_rollback(True)
    return seen


def _seen(row: Deployment, at: datetime) -> Preview:
    found = gates.answers(row, at)
    return Preview(row.release, parse_plan(row.plan), found, gates.approvals_needed(row), row.target.live_release)
