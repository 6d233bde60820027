"""Celery entry points of the flags. Each sweeps rows that wait, so a lost message costs one period and no more."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings

from apps.core import clock
from apps.flags import services


@shared_task(name="flags.apply_scheduled_changes")
def apply_scheduled_changes(**_: Any) -> None:
    services.apply_due_changes(at=clock.now())


@shared_task(name="flags.advance_rollouts")
def advance_rollouts(**_: Any) -> None:
    services.advance_rollouts(at=clock.now())


@shared_task(name="flags.drop_usage")
def drop_usage(**_: Any) -> None:
    services.drop_usage(before=clock.now() - timedelta(days=settings.USAGE_DAYS))
