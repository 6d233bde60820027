"""Celery entry points of the floor."""

from typing import Any

from celery import shared_task

from apps.core import clock, services


@shared_task(name="core.beat_tick")
def beat_tick(**_: Any) -> None:
    """Proves that beat sends and a worker receives; `/readyz` reads it."""
    services.tick(name=services.BEAT, at=clock.now())
