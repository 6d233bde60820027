"""The judge's clock: a permanent child that asks for a round as soon as a rule is due, and lets rules come early whose
metrics just got samples. Without it, or without Redis, rules are judged when beat says so, and nothing is lost."""

import logging
import threading
from collections import defaultdict
from time import monotonic

import redis
from celery import current_app
from django.db import close_old_connections, connection
from kombu.exceptions import OperationalError as BrokerAway
from redis.client import PubSub

from apps.alerts import selectors, services
from apps.core import bus, clock
from apps.core.database import DATABASE_AWAY
from apps.core.live.outages import Outages

logger = logging.getLogger(__name__)
LISTEN_SECONDS = 0.5  # then it looks at the clock
GATHER_SECONDS = 0.1  # samples that come together are one round
ASK_SECONDS = 1.0  # at most so often
AWAY_SECONDS = 2.0


def run(stop: threading.Event) -> None:
    """Until `stop` is set."""
    outages = Outages()
    while not stop.is_set():
        try:
            _watch(stop, outages)
        except (redis.RedisError, BrokerAway) as error:
            outages.away("Redis", error, meanwhile="Rules are judged when beat says so")
        except DATABASE_AWAY as error:
            outages.away("PostgreSQL", error, meanwhile="No rule is judged")
            connection.close()
        stop.wait(AWAY_SECONDS)
    connection.close()


def ask() -> None:
    """A message that is lost costs the period of beat."""
    current_app.send_task("alerts.judge", expires=5, retry=False)


def _watch(stop: threading.Event, outages: Outages) -> None:
    asked = 0.0
    with bus.client().pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(bus.SAMPLES)
        while not stop.is_set():
            for environment_id, metrics in _fresh(subscription, stop).items():
                services.hasten(environment_id=environment_id, metrics=metrics, at=clock.now())
            if monotonic() - asked >= ASK_SECONDS and selectors.rules_are_due(clock.now()):
                ask()
                asked = monotonic()
            outages.back("Redis")
            outages.back("PostgreSQL")
            close_old_connections()


def _fresh(subscription: PubSub, stop: threading.Event) -> dict[int, set[str]]:
    """Names of metrics by environment, of what came within a moment."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    message = subscription.get_message(timeout=LISTEN_SECONDS)
    if message:
        stop.wait(GATHER_SECONDS)
    while message:
        facts = bus.parse(message["data"])
        found[int(facts.get("environment", 0))].update(facts.get("names", ()))
        message = subscription.get_message(timeout=0.0)
    return found
