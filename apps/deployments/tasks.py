"""Celery entry points of the deployments. Each sweeps rows that wait: a lost message costs one period and no more."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.deployments import services


@shared_task(name="deployments.advance")
def advance(**_: Any) -> None:
    services.advance_deployments(at=clock.now())


@shared_task(name="deployments.reconcile_traffic")
def reconcile_traffic(**_: Any) -> None:
    services.reconcile_traffic(at=clock.now())
