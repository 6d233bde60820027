"""Who is connected to whom: everything that one app must hear of another without importing it."""

from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from apps.alerts.live.status_pages import status_pages
from apps.alerts.pages.panels import on_deployment
from apps.core import navigation, panels
from apps.core import services as core
from apps.core.live import measures
from apps.core.live.flusher import Flusher
from apps.core.live.follower import Follower
from apps.core.live.keyring import keyring
from apps.deployments.live.news import news
from apps.flags import services as flags
from apps.flags.live import measures as flag_measures
from apps.flags.live.rulesets import rulesets
from apps.flags.live.streams import streams
from apps.flags.live.usage import usage
from apps.monitoring.ingest import application, pings
from apps.monitoring.live.collector import Collector
from apps.monitoring.services.events import Received, Turned
from apps.monitoring.services.hearing import Heard, Hearing
from pulseops.kinds import KINDS
from pulseops.navigation import ENTRIES, MAIL

LOOPS = {"sealer": "apps.core.sealer:run", "judge": "apps.alerts.loops:run"}  # permanent children of `manage.py loops`


def wire() -> None:
    core.adopt_environments_with(flags.adopt_environment)
    navigation.wire((*ENTRIES, MAIL) if settings.MAIL_SINK else ENTRIES, KINDS)
    panels.wire({"deployment": [on_deployment]})
    rulesets.listen(streams.ruleset_swapped)
    keyring.listen(streams.keys_swapped)
    measures.measure(measures.own)
    measures.measure(flag_measures.own)


def follower() -> Follower:
    """What keeps a serving process's memory current."""
    status_pages.read_files()
    return Follower([keyring, rulesets, status_pages, news])


def flusher() -> Flusher:
    """What writes down the counts of a serving process."""
    return Flusher([_write_flag_usage, _write_key_usage], seconds=settings.USAGE_FLUSH_SECONDS)


def collector() -> "Collector[Received | Turned, None]":
    """What commits the events of many requests at once."""
    return Collector(application.write, name="collector")


def pings_collector() -> "Collector[Heard, Hearing]":
    """The same for the pings of heartbeats, so that neither waits for the other."""
    return Collector(pings.write, name="pings", gather_seconds=pings.GATHER_SECONDS)


def _write_flag_usage(at: datetime) -> None:
    for hour, counts in usage.waiting(at=at).items():
        flags.add_usage(counts=counts, at=usage.last_moment(hour, at=at))
        usage.written(hour)


def _write_key_usage(at: datetime) -> None:
    used = keyring.take_used()
    try:
        core.mark_keys_used(used)
    except DatabaseError:
        keyring.keep_used(used)
        raise
