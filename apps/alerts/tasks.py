"""Celery entry points of alerting. Each sweeps rows that wait, so a lost message costs one period and no more."""

from typing import Any

from celery import shared_task

from apps.alerts import services
from apps.core import clock


@shared_task(name="alerts.judge")
def judge(**_: Any) -> None:
    """What a rule sets off is carried out and told at once, not at the next sweep."""
    services.judge_due(at=clock.now())
    services.vouch(at=clock.now())
    services.respond_due(at=clock.now())
    services.deliver_due(at=clock.now())


@shared_task(name="alerts.respond")
def respond(**_: Any) -> None:
    services.respond_due(at=clock.now())


@shared_task(name="alerts.deliver")
def deliver(**_: Any) -> None:
    services.hear_deployments(at=clock.now())
    services.deliver_due(at=clock.now())


@shared_task(name="alerts.keep_house")
def keep_house(**_: Any) -> None:
    services.keep_house(at=clock.now())
