"""Celery entry points of the flags app."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.flags import services


@shared_task(name="flags.advance_rollouts")
def advance_rollouts(**_: Any) -> None:
    services.advance_rollouts(at=clock.now())
