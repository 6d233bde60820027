"""Verdicts of guards: how they are written from above and read from below. Who is guarded by what is not known here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.domain.holds import GuardVerdict, Kept, judge
from apps.core.models import Environment, Hold

# Nothing that another verdict was written for in the meantime.
PROLONG = """
    UPDATE core_hold AS hold SET valid_until = %(until)s, reason = given.reason
    FROM unnest(%(guards)s::text[], %(verdicts)s::text[], %(reasons)s::text[]) AS given(guard, verdict, reason)
    WHERE hold.environment_id = %(environment)s AND hold.guard = given.guard AND hold.verdict = given.verdict
"""


def write(
    *, environment_id: int, guard: str, verdict: str, reason: str, valid_until: datetime, at: datetime, actor: Actor
) -> Hold:
    """What the guard says until `valid_until`. Saying the same again only prolongs it, and is not audited."""
    with transaction.atomic():
        environment = Environment.objects.select_for_update(no_key=True).get(pk=environment_id)
        hold = Hold.objects.filter(environment=environment, guard=guard).first()
        hold = hold or Hold(environment=environment, guard=guard, verdict="", changed_at=at)
        before, hold.verdict = hold.verdict, verdict
        hold.reason, hold.valid_until = reason, valid_until
        turned = changes({"verdict": before or None}, {"verdict": verdict})
        if turned:
            hold.changed_at = at
        hold.full_clean()
        hold.save()
        if turned:
            audit.record(
                kind="core.guard_turned",
                subject=hold,
                project_id=environment.project_id,
                environment_id=environment.pk,
                actor=actor,
                reason=reason,
                at=at,
                changes=turned,
            )
    return hold


class Said(NamedTuple):
    """A guard's verdict, and why."""

    guard: str
    verdict: str
    reason: str


def write_all(*, environment_id: int, said: Sequence[Said], valid_until: datetime, at: datetime, actor: Actor) -> None:
    """What many guards say until `valid_until`. Two queries for all that say the same again."""
    known = Hold.objects.filter(environment=environment_id, guard__in=[one.guard for one in said])
    standing = {(hold.guard, hold.verdict) for hold in known} if said else set()
    same = {one.guard: one for one in said if (one.guard, one.verdict) in standing}
    if same:
        guards, again, reasons = map(list, zip(*same.values(), strict=True))
        given: dict[str, Any] = {
            "environment": environment_id,
            "until": valid_until,
            "guards": guards,
            "verdicts": again,
        }
        with connection.cursor() as cursor:
            cursor.execute(PROLONG, given | {"reasons": reasons})
    for one in said:
        if one != same.get(one.guard):
            write(
                environment_id=environment_id,
                guard=one.guard,
                verdict=one.verdict,
                reason=one.reason,
                valid_until=valid_until,
                at=at,
                actor=actor,
            )


def verdicts(environment_id: int, guards: Sequence[str], at: datetime) -> tuple[GuardVerdict, ...]:
    """What each of these guards says now, in their order."""
    rows = {hold.guard: hold for hold in Hold.objects.filter(environment_id=environment_id, guard__in=guards)}
    return tuple(judged(guard, rows.get(guard), at) for guard in guards)


def judged(guard: str, hold: Hold | None, at: datetime) -> GuardVerdict:
    kept = Kept(hold.verdict == Hold.Verdict.GREEN, hold.reason, hold.valid_until) if hold else None
    return judge(guard, kept, at)
