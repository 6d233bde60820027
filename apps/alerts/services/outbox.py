"""The outbox's rows: claimed for a while, settled by whoever still holds the claim, muted or woken before they are
sent. Every function is one transaction; nothing is sent here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.alerts.domain.backoff import STANDARD, next_attempt_at
from apps.alerts.gateways.messages import Message, load_notice
from apps.alerts.models import Alert, Channel, Notification
from apps.alerts.services import channels, notifying, trail
from apps.alerts.services.acknowledging import acknowledge_url

TOGETHER = 100  # alerts in one message
Kind, Status, MutedBy = Notification.Kind, Notification.Status, Notification.MutedBy
FIRINGS = (Kind.FIRED, Kind.NO_DATA)


class Scenes:
    """What mutes, read once for all that is asked in one go."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._known: dict[tuple[int, str], notifying.Scene] = {}

    def mute(self, alert: Alert) -> notifying.Mute | None:
        pair = alert.definition.get("pair", "")
        key = (alert.environment_id, pair)
        if key not in self._known:
            self._known[key] = notifying.scene(alert.environment, [pair], self.at)
        return notifying.mute(alert, self._known[key], self.at)


@dataclass(frozen=True, slots=True)
class Claimed:
    row: Notification
    lease: int
    message: Message


@dataclass(frozen=True, slots=True)
class Failure:
    words: str
    gone: bool = False
    after_seconds: float = 0.0


def wake(at: datetime) -> None:
    """What was muted for a time and fires on is told once nothing mutes it any more."""
    passing = Notification.objects.filter(status=Status.MUTED, muted_by__in=[MutedBy.SILENCE, MutedBy.PAIR])
    rows = passing.filter(alert__resolved_at=None, kind__in=FIRINGS).select_related("alert__environment__project")
    scenes = Scenes(at)
    for row in rows.order_by("pk"):
        if row.alert is not None and scenes.mute(row.alert) is None:
            still = Notification.objects.filter(pk=row.pk, status=Status.MUTED)
            still.update(status=Status.PENDING, muted_by="", due_at=at, why=f"{row.why}; and told since that is over")


def claim(pk: int, at: datetime) -> Claimed | None:
    with transaction.atomic():
        rows = Notification.objects.select_for_update(of=("self",), skip_locked=True)
        rows = rows.select_related("channel__project", "alert__environment__project")
        found, scenes = rows.filter(pk=pk, status=Status.PENDING, due_at__lte=at).first(), Scenes(at)
        if found is None or _holds_back(found, scenes):
            return None
        if not found.attempts:
            _gather(found, scenes)
        found.lease += 1
        found.attempts += 1
        found.first_at = found.first_at or at
        found.due_at = found.leased_until = at + timedelta(seconds=settings.NOTICE_LEASE_SECONDS)
        found.save()
        return Claimed(found, found.lease, _message(found, at))


def _holds_back(row: Notification, scenes: Scenes) -> bool:
    """Whether it is not to be sent after all, or not yet; the row says so then."""
    if row.kind in FIRINGS and not row.attempts and row.alert is not None and row.alert.resolved_at is None:
        muted = scenes.mute(row.alert)
        if muted is not None:
            return _mute(row, muted.by, muted.words)
    if row.kind == Kind.RECOVERED:
        firing = _firing(row)
        if firing is not None and firing.status == Status.PENDING:
            row.due_at = max(firing.due_at or scenes.at, scenes.at) + timedelta(seconds=1)
            row.save(update_fields=["due_at"])
            return True
        if firing is None or firing.status != Status.SENT:
            return _mute(row, MutedBy.UNTOLD, "that it fired did not arrive there")
    if row.kind != Kind.TEST and not row.channel.enabled:
        return _mute(row, MutedBy.CHANNEL, f"the channel is off: {row.channel.disabled_reason}")
    return False


def _mute(row: Notification, by: str, words: str) -> bool:
    row.status, row.muted_by, row.why, row.due_at = Status.MUTED, by, f"{row.why}; muted: {words}", None
    row.save()
    row.followers.filter(status=Status.PENDING).update(status=row.status, muted_by=by, why=row.why)
    return True


def _firing(row: Notification) -> Notification | None:
    """The notice whose end this one tells; a follower stands or falls with its leader."""
    found = Notification.objects.filter(alert=row.alert, channel=row.channel, kind__in=FIRINGS)
    firing = found.select_related("leader").first()
    if firing is not None and firing.leader is not None and firing.status == Status.PENDING:
        return firing.leader
    return firing


def _gather(row: Notification, scenes: Scenes) -> None:
    """Others of its group that wait as well, so that a hundred series are one message. Once sent, never regrouped."""
    if not row.group_key:
        return
    alike = Notification.objects.filter(
        channel=row.channel, kind=row.kind, group_key=row.group_key, status=Status.PENDING, attempts=0, leader=None
    )
    waiting = alike.exclude(pk=row.pk).filter(due_at__lte=scenes.at).order_by("pk")
    locked = waiting.select_for_update(of=("self",), skip_locked=True)
    found = list(locked.select_related("channel", "alert__environment__project")[:TOGETHER])
    with_it = [one.pk for one in found if not _holds_back(one, scenes)]
    Notification.objects.filter(pk__in=with_it).update(leader=row, due_at=None)


def _message(row: Notification, at: datetime) -> Message:
    firing = _firing(row) if row.kind == Kind.RECOVERED else None
    others = Notification.objects.filter(leader=row).order_by("pk").values_list("content", flat=True)
    can_take_on = row.kind in FIRINGS and row.alert_id
    return Message(
        id=str(row.dedup_id),
        at=at,
        notice=load_notice(row.content),
        others=tuple(load_notice(content) for content in others),
        acknowledge_url=acknowledge_url(row.alert_id, row.channel.key) if can_take_on and row.alert_id else "",
        follows=str((firing.leader or firing).dedup_id) if firing else "",
    )


def _held(claimed: Claimed) -> Notification | None:
    """The row, if nobody has claimed it since: what they do counts then, and not what we did."""
    rows = Notification.objects.select_for_update(of=("self",)).select_related("channel", "alert__environment")
    return rows.filter(pk=claimed.row.pk, lease=claimed.lease, status=Status.PENDING).first()


def settle_sent(claimed: Claimed, note: str, at: datetime) -> None:
    with transaction.atomic():
        row = _held(claimed)
        if row is not None:
            _settle(row, Status.SENT, note, at)


def settle_failed(claimed: Claimed, failure: Failure, at: datetime) -> None:
    """Tried again up to the horizon, then given up aloud. A receiver that is gone closes the channel."""
    with transaction.atomic():
        row = _held(claimed)
        if row is None:
            return
        again = next_attempt_at(
            STANDARD,
            first_at=row.first_at or at,
            attempts=row.attempts,
            seed=row.dedup_id.int % 2**63,
            at=at,
            asked_seconds=failure.after_seconds,
        )
        if failure.gone:
            channel = Channel.objects.select_for_update(no_key=True).get(pk=row.channel_id)
            channels.disable(channel, f"{failure.words}: it is closed for good", actor=trail.ITSELF, at=at)
        if failure.gone or again is None or row.kind == Kind.TEST:
            _settle(row, Status.FAILED, failure.words, at)
            told = f"{row.channel.name}: {failure.words}"
            trail.record("alerts.notification_failed", row.alert or row.channel, reason=told, at=at)
            return
        row.error, row.due_at, row.leased_until = failure.words[:500], again, None
        row.save()


def _settle(row: Notification, status: str, words: str, at: datetime) -> None:
    row.status, row.error, row.due_at, row.leased_until = status, words[:500], None, None
    row.sent_at = at if status == Status.SENT else None
    row.save()
    told = {"status": status, "error": row.error, "sent_at": row.sent_at, "attempts": row.attempts}
    row.followers.filter(status=Status.PENDING).update(**told, first_at=row.first_at)
