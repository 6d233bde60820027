"""Calls that a response makes outside: claimed for a while, made outside any transaction, and settled by whoever still
holds the claim. Whoever dies in between leaves a row that is called again, under the same id. Private to services."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from apps.alerts.domain.parsing import parse_rule
from apps.alerts.models import Channel, Notification, Response
from apps.alerts.responses import CALLS
from apps.alerts.responses.kinds import Done, Order, Subject
from apps.alerts.services import channels, joining, trail
from apps.alerts.services.delivering import Sweep, attempt
from apps.alerts.services.outbox import Failure
from apps.alerts.services.telling import notice_of

logger = logging.getLogger(__name__)
ATTEMPTS = 5
RETRY_SECONDS = 5  # doubled with each attempt
LEASE_SECONDS = 60  # longer than any one call takes
Status = Response.Status


@dataclass(frozen=True, slots=True)
class Claimed:
    row: Response
    lease: int
    subject: Subject
    channel: Channel


def let_go(row: Response, subject: Subject, at: datetime) -> Claimed | Response:
    """Of a row that is locked and may act. With the commit it is ours, for a time."""
    if row.attempts > ATTEMPTS:
        return settle(row, Status.FAILED, Done("nobody came back from any attempt; it may have been called"), at)
    row.call_id = row.call_id or uuid4()
    row.lease += 1
    row.due_at = row.leased_until = at + timedelta(seconds=LEASE_SECONDS)
    row.save()
    return Claimed(row, row.lease, subject, Channel.objects.get(pk=subject.pk))


def carry_out(claimed: Claimed, sweep: Sweep) -> Response | None:
    """The settled response; None when it is tried again, or somebody else has taken it over."""
    outcome = attempt(lambda: _call(claimed, sweep.now()), what=f"response {claimed.row.pk}")
    if isinstance(outcome, Failure):
        sweep.failing.add(claimed.channel.pk)
    with transaction.atomic():
        row = _held(claimed)
        if row is None:
            return None
        if isinstance(outcome, Failure):
            return _failed(row, claimed.channel, outcome, sweep.now())
        return settle(row, Status.DONE, Done(outcome), sweep.now())


def settle(row: Response, status: str, done: Done, at: datetime) -> Response:
    row.status, row.told, row.undo = status, done.words, dict(done.undo)
    row.settled_at, row.due_at, row.leased_until = at, None, None
    row.save()
    if status == Status.DONE:
        joining.note_act(row.alert, at)
    trail.record(f"alerts.response_{status.lower()}", row.alert, reason=row.told, at=at)
    return row


def retry_or_fail(row: Response, told: str, at: datetime, *, after_seconds: float = 0.0) -> Response | None:
    """Tried again for a while, later and later; then it is told as failed. Of a row whose attempt is counted."""
    if row.attempts >= ATTEMPTS:
        return settle(row, Status.FAILED, Done(told), at)
    wait = max(RETRY_SECONDS * 2**row.attempts, after_seconds)
    row.told, row.due_at, row.leased_until = told, at + timedelta(seconds=wait), None
    row.save()
    return None


def _call(claimed: Claimed, at: datetime) -> str:
    """What was done, in a sentence."""
    kind = CALLS[claimed.row.kind]
    kind.call(_order(claimed, at))
    return kind.done(claimed.subject)


def _order(claimed: Claimed, at: datetime) -> Order:
    row, to = claimed.row, channels.target(claimed.channel)
    fired = Notification.Kind.FIRED
    return Order(
        id=str(row.call_id),
        at=at,
        asked_at=row.created_at,
        notice=notice_of(row.alert, parse_rule(row.alert.definition), fired, (), at),
        url=to.url,
        secrets=to.secrets,
        config=row.config,
    )


def _held(claimed: Claimed) -> Response | None:
    """The row, if nobody has claimed it since: what they do counts then, and not what we did."""
    rows = Response.objects.select_for_update(of=("self",)).select_related("alert__environment")
    return rows.filter(pk=claimed.row.pk, lease=claimed.lease, status=Status.PENDING).first()


def _failed(row: Response, channel: Channel, failure: Failure, at: datetime) -> Response | None:
    """A receiver that is gone closes the channel, as it does for notices."""
    if not failure.gone:
        return retry_or_fail(row, failure.words, at, after_seconds=failure.after_seconds)
    locked = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    channels.disable(locked, f"{failure.words}: it is closed for good", actor=trail.ITSELF, at=at)
    return settle(row, Status.FAILED, Done(failure.words), at)
