"""Monitoring's refusals as problems."""

from apps.core.api.problems import Translations, refusal
from apps.monitoring import services

REFUSALS: Translations = {
    services.CheckIsArchived: refusal(409, "check_is_archived", "The check is archived; nothing changes it any more."),
    services.CheckIsPaused: refusal(409, "check_is_paused", "The check is paused."),
    services.CheckIsNotPaused: refusal(409, "check_is_not_paused", "The check is not paused."),
    services.NotRun: refusal(409, "check_is_not_run", "This check cannot be asked: it waits for what others tell."),
    services.NoHeartbeat: refusal(409, "no_heartbeat", "Only heartbeats have an address to ping."),
}
