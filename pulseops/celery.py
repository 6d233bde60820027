"""Background work: the Celery application, which worker does what, and every period in one dict.

Tasks are only nudges: the waiting work itself is rows, so losing all of Redis loses nothing.
"""

import os

import environ
from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pulseops.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # system checks load every page; that is the web process's matter
env = environ.Env()

# name -> (task, seconds). PULSEOPS_PERIOD_<NAME> overrides the seconds.
PERIODS: dict[str, tuple[str, float]] = {
    "beat_tick": ("core.beat_tick", 10.0),
    "scheduled_changes": ("flags.apply_scheduled_changes", 5.0),
    "advance_rollouts": ("flags.advance_rollouts", 5.0),
    "drop_usage": ("flags.drop_usage", 3600.0),
    "advance_deployments": ("deployments.advance", 1.0),
    "reconcile_traffic": ("deployments.reconcile_traffic", 15.0),
    "roll_up": ("monitoring.roll_up", 15.0),
    "active_users": ("monitoring.count_active_users", 60.0),
    "run_checks": ("monitoring.run_checks", 5.0),
    "keep_house": ("monitoring.keep_house", 3600.0),
    "judge": ("alerts.judge", 5.0),
    "respond": ("alerts.respond", 5.0),
    "deliver": ("alerts.deliver", 5.0),
    "keep_alerts": ("alerts.keep_house", 3600.0),
}
SLOW_TASKS = (
    "flags.drop_usage",
    "monitoring.keep_house",
    "alerts.keep_house",
)  # beginnings of task names that may run for long
VISIBILITY_TIMEOUT_SECONDS = 3600  # an unacknowledged message returns after this; every task is idempotent


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a redis-py URL: it knows sockets as redis+socket://."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}?virtual_host={query.removeprefix('db=') or 0}"


def route(name: str, *_: object, **__: object) -> dict[str, str]:
    return {"queue": "slow" if name.startswith(SLOW_TASKS) else "fast"}


def beat_schedule() -> dict[str, dict[str, object]]:
    """Messages expire with their period, so that none pile up while no worker runs."""
    schedule: dict[str, dict[str, object]] = {}
    for name, (task, default) in PERIODS.items():
        seconds = env.float(f"PULSEOPS_PERIOD_{name.upper()}", default=default)
        schedule[name] = {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    return schedule


app = Celery("pulseops")
app.conf.update(
    broker_url=broker_url(settings.REDIS_URL),
    broker_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT_SECONDS},
    broker_connection_retry_on_startup=True,
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue="fast",
    task_routes=(route,),
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    beat_schedule=beat_schedule(),
    beat_schedule_filename=str(settings.VAR_DIR / "beat-schedule"),
    timezone="UTC",
)
app.autodiscover_tasks()
