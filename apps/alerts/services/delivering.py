"""Emptying the outbox: each notice is claimed, sent outside any transaction, and settled by whoever still holds the
claim. Whoever dies in between leaves a row that the next sweep sends again, under the same id."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from apps.alerts.gateways import email, sentry, slack, webhook
from apps.alerts.gateways.messages import Message, Undelivered, dump_notice
from apps.alerts.models import Channel, Notification
from apps.alerts.services import channels, charting, outbox, trail
from apps.alerts.services.outbox import Claimed, Failure
from apps.alerts.services.telling import test_notice
from apps.core import secrets
from apps.core.audit import Actor
from apps.core.database import DATABASE_AWAY

logger = logging.getLogger(__name__)
SWEEP = 500  # notices in one sweep
Status = Notification.Status


@dataclass(slots=True)
class Sweep:
    """A channel that failed once is left alone for the rest of a sweep: its other notices would wait for it in vain,
    and those of others with them."""

    at: datetime
    began: float = field(default_factory=monotonic)
    failing: set[int] = field(default_factory=set)

    def now(self) -> datetime:
        """A sweep may wait for slow receivers; a lease that is counted from its start would be over too soon."""
        return self.at + timedelta(seconds=int(monotonic() - self.began))


def test_channel(*, channel_id: int, actor: Actor, reason: str, at: datetime) -> Notification:
    """A notice that goes the way of all others, whether the channel is on or off."""
    with transaction.atomic():
        channel = Channel.objects.select_related("project").get(pk=channel_id)
        row = Notification.objects.create(
            channel=channel,
            kind=Notification.Kind.TEST,
            dedup_id=uuid4(),
            content=dump_notice(test_notice(channel, actor.label, at)),
            why=f"{actor.label} tests the channel",
            created_at=at,
            due_at=at,
        )
        trail.record("alerts.channel_tested", channel, actor=actor, reason=reason, at=at)
    return row


def deliver_due(*, at: datetime) -> int:
    """Every notice whose time has come, new ones first; returns how many messages arrived."""
    sweep = Sweep(at)
    outbox.wake(at)
    due = Notification.objects.filter(status=Status.PENDING, due_at__lte=at).order_by("attempts", "due_at", "pk")
    waiting = list(due.values_list("pk", "channel_id")[:SWEEP])
    return sum(_delivered(pk, sweep) for pk, channel in waiting if channel not in sweep.failing)


def deliver(*, notification_id: int, at: datetime) -> bool | None:
    """Send one now. None when it is not due, or somebody else is at it."""
    return _deliver(notification_id, Sweep(at))


def _delivered(pk: int, sweep: Sweep) -> bool:
    """One notice that cannot be handled must not stop the others; without a database nothing can go on."""
    try:
        return bool(_deliver(pk, sweep))
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("notification %s cannot be handled", pk)
        return False


def _deliver(pk: int, sweep: Sweep) -> bool | None:
    claimed = outbox.claim(pk, sweep.now())
    if claimed is None:
        return None
    outcome = attempt(lambda: _send(claimed), what=f"notification {claimed.row.pk}")
    if isinstance(outcome, Failure):
        sweep.failing.add(claimed.row.channel_id)
        outbox.settle_failed(claimed, outcome, sweep.now())
        return False
    outbox.settle_sent(claimed, outcome, sweep.now())
    return True


def attempt(call: Callable[[], str], *, what: str) -> str | Failure:
    """Whatever goes wrong out there is a failure to note."""
    try:
        return call()
    except Undelivered as failure:
        return Failure(str(failure), failure.gone, failure.after_seconds)
    except secrets.Unreadable as lost:
        return Failure(str(lost))
    except KeyError:
        return Failure("the settings do not name this channel any more")
    except Exception as error:
        logger.exception("%s could not be sent", what)
        return Failure(f"{type(error).__name__} while sending")


def _send(claimed: Claimed) -> str:
    """What the receiver has to say beside its yes."""
    return _call(claimed.row.channel, replace(claimed.message, chart=charting.chart_of(claimed.row)))


def _call(channel: Channel, message: Message) -> str:
    to = channels.target(channel)
    match channel.kind:
        case Channel.Kind.SLACK:
            slack.send(to.url, message)
        case Channel.Kind.WEBHOOK:
            webhook.send(to.url, to.secrets, message)
        case Channel.Kind.SENTRY:  # never chosen for messages about deployments, which are no faults
            sentry.send(to.url, message)
        case Channel.Kind.EMAIL:
            return email.send(settings.SMTP_URL, message, sender=settings.MAIL_FROM, to=to.to)
    return ""
