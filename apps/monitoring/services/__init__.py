"""What other apps do with monitoring. One name per deed; the modules beside this one are private to the app."""

from apps.monitoring.services.checking import run_due_checks
from apps.monitoring.services.checks import (
    CheckExists,
    CheckIsArchived,
    CheckIsNotPaused,
    CheckIsPaused,
    InvalidHealthCheck,
    MadeCheck,
    NoHeartbeat,
    NotRun,
    archive_check,
    ask_for_run,
    create_check,
    pause_check,
    renew_ping_token,
    resume_check,
    update_check,
)
from apps.monitoring.services.deriving import count_active_users
from apps.monitoring.services.events import store_events
from apps.monitoring.services.hearing import OtherKind, find_missed, hear_pings, report_check
from apps.monitoring.services.retention import EVENTS, RESULTS, SAMPLES, drop_old, make_partitions
from apps.monitoring.services.rolling_up import roll_up
from apps.monitoring.services.samples import record

__all__ = [
    "EVENTS",
    "RESULTS",
    "SAMPLES",
    "CheckExists",
    "CheckIsArchived",
    "CheckIsNotPaused",
    "CheckIsPaused",
    "InvalidHealthCheck",
    "MadeCheck",
    "NoHeartbeat",
    "NotRun",
    "OtherKind",
    "archive_check",
    "ask_for_run",
    "count_active_users",
    "create_check",
    "drop_old",
    "find_missed",
    "hear_pings",
    "make_partitions",
    "pause_check",
    "record",
    "renew_ping_token",
    "report_check",
    "resume_check",
    "roll_up",
    "run_due_checks",
    "store_events",
    "update_check",
]
