"""Health checks as people edit them. Every change gives the check a new lease, so that late answers do not count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import audit, secrets
from apps.core.audit import Actor
from apps.core.domain import keys
from apps.core.domain.diff import Changes, changes
from apps.core.models import Environment
from apps.core.services import check_reason, check_version
from apps.monitoring.domain.checks import standing
from apps.monitoring.domain.checks.fields import InvalidCheck
from apps.monitoring.domain.checks.kinds import Kind
from apps.monitoring.domain.checks.reading import read_check
from apps.monitoring.models import HealthCheck
from apps.monitoring.selectors.checks import config_of, next_miss, standing_of
from apps.monitoring.services.settling import HEARD, close_time, failures_so_far, stand, write_samples

WITH_PASSWORD = (Kind.POSTGRES, Kind.REDIS)
FAILURES = 3  # until it is down, where somebody is asked; silence has its grace, so there the first one counts
FIELDS = ("name", "config", "period_seconds", "failures", "recoveries")
MAX_SECRET = 1_000  # characters


class InvalidHealthCheck(ValidationError):
    """The check makes no sense. `message_dict` maps each path, such as `config.url`, to its problems."""


class CheckExists(ValidationError):
    """Another check of the environment has this key."""


class CheckIsArchived(Exception):
    """It is neither run nor changed any more."""


class CheckIsPaused(Exception):
    """It is paused already, or cannot be asked meanwhile."""


class CheckIsNotPaused(Exception):
    """There is nothing to resume."""


class NotRun(Exception):
    """Heartbeats and reported checks cannot be asked; they are heard of."""


class NoHeartbeat(Exception):
    """Only heartbeats have an address to ping."""


@dataclass(frozen=True, slots=True)
class MadeCheck:
    """The row, and a heartbeat's token: shown once, then known only to its holder."""

    check: HealthCheck
    ping_token: str


def create_check(
    *,
    environment_id: int,
    key: str,
    name: str,
    kind: str,
    config: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
    secret: str = "",
    period_seconds: int = 60,
    failures: int | None = None,
    recoveries: int = 1,
) -> MadeCheck:
    """Run from the next sweep on. Raises InvalidHealthCheck, CheckExists, ReasonMissing."""
    with transaction.atomic():
        environment = Environment.objects.select_for_update(no_key=True).get(pk=environment_id)
        if HealthCheck.objects.kept().filter(environment=environment, key=key).exists():
            raise CheckExists({"key": [ValidationError(f"There is a check {key} here already.", code="unique")]})
        row = HealthCheck(environment=environment, key=key, kind=kind, created_at=at)
        usual = 1 if kind in HEARD else FAILURES
        row.name, row.config, row.period_seconds, row.recoveries = name, dict(config), period_seconds, recoveries
        row.failures = usual if failures is None else failures
        row.due_at = None if kind in HEARD else at
        token = _new_token(row) if kind == Kind.HEARTBEAT else ""
        _hide(row, secret)
        _check(row)
        row.save()
        _record("monitoring.check_created", row, changes({}, _readable(row)), actor=actor, reason=reason, at=at)
        write_samples(environment_id, [failures_so_far(row, at)], at=at)
    return MadeCheck(row, token)


def update_check(
    *,
    check_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    secret: str | None = None,
) -> HealthCheck:
    """`fields` may hold name, config, period_seconds, failures and recoveries; what is left out stays, a secret too.

    Raises InvalidHealthCheck, CheckIsArchived, StaleVersion, ReasonMissing. Key and kind stay: history is known by it.
    """
    unknown = fields.keys() - set(FIELDS)
    assert not unknown, unknown
    with transaction.atomic():
        row = _kept(check_id, expected_version)
        before = _readable(row)
        for name, value in fields.items():
            setattr(row, name, value)
        if secret is not None:
            _hide(row, secret)
        if row.kind in HEARD and "config" in fields:
            row.missed_at = at  # silence so far is not judged by what is expected from now on
        _check(row)
        _begin_again(row, at)
        row.save()
        changed = changes(before, _readable(row))
        if secret is not None:
            changed["password"] = ["***", "***" if secret else None]
        _record("monitoring.check_changed", row, changed, actor=actor, reason=reason, at=at)
    return row


def pause_check(
    *, check_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None = None
) -> HealthCheck:
    """Neither run nor judged; what comes meanwhile does not count. Raises CheckIsPaused, StaleVersion."""
    with transaction.atomic():
        row = _kept(check_id, expected_version)
        before = standing_of(row)
        after, flip = standing.pause(before, at=at)
        if flip is None:
            raise CheckIsPaused
        close_time(row, before, until=at)
        stand(row, after)
        _begin_again(row, at)
        row.save()
        _record_flip("monitoring.check_paused", row, flip, actor=actor, reason=reason, at=at)
    return row


def resume_check(
    *, check_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None = None
) -> HealthCheck:
    """It is new again. Raises CheckIsNotPaused, StaleVersion."""
    with transaction.atomic():
        row = _kept(check_id, expected_version)
        after, flip = standing.resume(standing_of(row), at=at)
        if flip is None:
            raise CheckIsNotPaused
        stand(row, after)
        row.missed_at = at  # silence in the pause does not count
        row.started_at = None
        _begin_again(row, at)
        row.save()
        _record_flip("monitoring.check_resumed", row, flip, actor=actor, reason=reason, at=at)
    return row


def archive_check(
    *, check_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None = None
) -> HealthCheck:
    """Gone for good, but the row stays: results, days and alerts of the past refer to it. Its key is free again."""
    with transaction.atomic():
        row = _kept(check_id, expected_version)
        _begin_again(row, at)
        row.archived_at, row.due_at = at, None
        row.ping_digest, row.ping_hint, row.secret = None, "", None
        row.save()
        _record("monitoring.check_archived", row, {}, actor=actor, reason=reason, at=at)
    return row


def ask_for_run(*, check_id: int, actor: Actor, at: datetime, reason: str = "") -> HealthCheck:
    """Run with the next sweep, whatever its period. Raises NotRun, CheckIsPaused."""
    with transaction.atomic():
        row = _kept(check_id, None)
        if row.kind in HEARD:
            raise NotRun
        if row.settled == HealthCheck.State.PAUSED:
            raise CheckIsPaused
        row.due_at = min(at, row.due_at or at)
        row.save(update_fields=["due_at"])
        _record("monitoring.check_asked", row, {}, actor=actor, reason=reason, at=at, needs_reason=False)
    return row


def renew_ping_token(
    *, check_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None = None
) -> MadeCheck:
    """The old address ends at once. Raises NoHeartbeat, StaleVersion."""
    with transaction.atomic():
        row = _kept(check_id, expected_version)
        if row.kind != Kind.HEARTBEAT:
            raise NoHeartbeat
        before = row.ping_hint
        token = _new_token(row)
        row.version += 1
        row.save()
        shown = {"ping_address": [f"…{before}", f"…{row.ping_hint}"]}
        _record("monitoring.ping_address_renewed", row, shown, actor=actor, reason=reason, at=at)
    return MadeCheck(row, token)


def _kept(check_id: int, expected_version: int | None) -> HealthCheck:
    row = HealthCheck.objects.select_for_update(of=("self",)).select_related("environment").get(pk=check_id)
    if row.archived_at is not None:
        raise CheckIsArchived
    check_version(row.version, expected_version)
    return row


def _begin_again(row: HealthCheck, at: datetime) -> None:
    """Who has it in hand loses it, and it is due at once."""
    row.version += 1
    row.lease += 1
    row.leased_until = None
    row.due_at = next_miss(row, config_of(row)) if row.kind in HEARD else at


def _check(row: HealthCheck) -> None:
    problems: dict[str, list[Any]] = {}
    try:
        row.full_clean(exclude=["environment", "config"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        problems |= error.error_dict
    try:
        if row.kind in HealthCheck.Kind.values:
            read_check(Kind(row.kind), row.config)
    except InvalidCheck as refused:
        for one in refused.problems:
            problems.setdefault(f"config.{one.field}".removesuffix("."), []).append(one.reason)
    if row.secret and row.kind not in WITH_PASSWORD:
        problems.setdefault("secret", []).append(f"Only {' and '.join(WITH_PASSWORD)} checks have a password.")
    if problems:
        raise InvalidHealthCheck(problems)


def _hide(row: HealthCheck, secret: str) -> None:
    if len(secret) > MAX_SECRET:
        raise InvalidHealthCheck({"secret": [f"At most {MAX_SECRET:,} characters."]})
    row.secret = secrets.encrypt(secret) if secret else None


def _new_token(row: HealthCheck) -> str:
    token = keys.mint("ping")
    row.ping_digest, row.ping_hint = token.digest, token.hint
    return token.text


def _readable(row: HealthCheck) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("key", "kind", *FIELDS)}


def _record_flip(kind: str, row: HealthCheck, flip: standing.Flip, **why: Any) -> None:
    _record(kind, row, {"state": [flip.before, flip.after]}, **why)


def _record(
    kind: str,
    row: HealthCheck,
    changed: Changes,
    *,
    actor: Actor,
    reason: str,
    at: datetime,
    needs_reason: bool = True,
) -> None:
    if needs_reason:
        check_reason([row.environment], reason)
    audit.record(
        kind=kind,
        subject=row,
        project_id=row.environment.project_id,
        environment_id=row.environment_id,
        actor=actor,
        reason=reason,
        at=at,
        changes=changed,
    )
