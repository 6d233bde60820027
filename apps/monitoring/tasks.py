"""Celery entry points of monitoring. Each sweeps rows that wait, so a lost message costs one period and no more."""

from threading import Lock
from typing import Any

from celery import shared_task

from apps.core import clock
from apps.monitoring import services


@shared_task(name="monitoring.roll_up")
def roll_up(**_: Any) -> None:
    services.roll_up()


@shared_task(name="monitoring.count_active_users")
def count_active_users(**_: Any) -> None:
    services.count_active_users(at=clock.now())


@shared_task(name="monitoring.keep_house")
def keep_house(**_: Any) -> None:
    at = clock.now()
    services.make_partitions(at=at)
    services.drop_old(at=at)


_running = Lock()


@shared_task(name="monitoring.run_checks")
def run_checks(**_: Any) -> None:
    """One sweep at a time in a process: checks that hang must not keep every thread from alerts."""
    services.find_missed(at=clock.now())
    if _running.acquire(blocking=False):
        try:
            services.run_due_checks(at=clock.now())
        finally:
            _running.release()
