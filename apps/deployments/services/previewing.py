"""A look at what would come of asking for a deployment. Private to services."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.deployments.domain.gates import Answer
from apps.deployments.domain.plans import Plan, parse_plan
from apps.deployments.models import Deployment, Release
from apps.deployments.selectors import gates
from apps.deployments.services.by_name import request_version


@dataclass(frozen=True, slots=True)
class Preview:
    """What the same request would be at this moment. Its rows are not kept."""

    release: Release
    plan: Plan
    answers: tuple[Answer, ...]  # of every gate
    approvals: int  # how many people are asked
    live: Release | None


def preview_version(*, at: datetime, **asked: Any) -> Preview:
    """The very same request, looked at and taken back, so that nothing is told which would not be so. Takes and raises
    what request_version does."""
    with transaction.atomic():
        row = request_version(at=at, **asked)
        seen = _seen(row, at)
        transaction.set_rollback(True)
    return seen


def _seen(row: Deployment, at: datetime) -> Preview:
    found = gates.answers(row, at)
    return Preview(row.release, parse_plan(row.plan), found, gates.approvals_needed(row), row.target.live_release)
