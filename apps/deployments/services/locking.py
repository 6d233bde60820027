"""Locks of deployments. The target is locked first, then its deployment: whoever keeps to that order never waits in a
circle, and of two deployments of one target only one moves at a time. Private to services."""

from apps.core.services import check_reason, check_version
from apps.deployments.models import Deployment, Target


def lock_target(target_id: int) -> Target:
    rows = Target.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("service__project", "environment", "live_release").get(pk=target_id)


def lock_deployment(deployment_id: int) -> Deployment:
    """With its target locked, too."""
    target = lock_target(Deployment.objects.values_list("target_id", flat=True).get(pk=deployment_id))
    rows = Deployment.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("release", "previous").get(pk=deployment_id)
    row.target = target
    return row


def lock_to_change(deployment_id: int, expected_version: int | None, reason: str) -> Deployment:
    """Raises StaleVersion, and ReasonMissing in protected environments."""
    row = lock_deployment(deployment_id)
    check_version(row.version, expected_version)
    check_reason([row.target.environment], reason)
    return row
