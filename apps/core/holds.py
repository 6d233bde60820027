"""Verdicts of guards: how they are written from above and read from below. Who is guarded by what is not known here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.domain.holds import GuardVerdict, Kept, judge
from apps.core.models import Environment, Hold

# Nothing that another verdict was written for in the meantime.
PROLONG = """
    UPDATE core_hold AS hold SET valid_until = %(until)s, reason = given.reason
    FROM unnest(%(environments)s::bigint[], %(guards)s::text[], %(verdicts)s::text[], %(reasons)s::text[])
         AS given(environment_id, guard, verdict, reason)
    WHERE hold.environment_id = given.environment_id AND hold.guard = given.guard AND hold.verdict = given.verdict
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
    write_everywhere(said={environment_id: said}, valid_until=valid_until, at=at, actor=actor)


def write_everywhere(
    *,
    said: Mapping[int, Sequence[Said]],
    valid_until: datetime,
    at: datetime,
    actor: Actor,
    slack: timedelta = timedelta(0),
) -> None:
    """The same for many environments, by their ids, and still two queries. Of what says the very same again, only that
    is prolonged which would not hold to `slack` before `valid_until`."""
    asked = {(environment_id, one.guard): one for environment_id, ones in said.items() for one in ones}
    if not asked:
        return
    guards = {one.guard for one in asked.values()}
    known = {(row.environment_id, row.guard): row for row in _holds(said, guards)}
    same = [key for key, one in asked.items() if key in known and known[key].verdict == one.verdict]
    late = [key for key in same if _is_late(known[key], asked[key], valid_until - slack)]
    if late:
        _prolong([(key[0], asked[key]) for key in late], valid_until)
    for key in asked.keys() - set(same):
        write(
            environment_id=key[0],
            guard=key[1],
            verdict=asked[key].verdict,
            reason=asked[key].reason,
            valid_until=valid_until,
            at=at,
            actor=actor,
        )


def _holds(environments: Iterable[int], guards: Iterable[str]) -> QuerySet[Hold]:
    return Hold.objects.filter(environment__in=list(environments), guard__in=list(guards))


def _is_late(hold: Hold, said: Said, until: datetime) -> bool:
    return hold.valid_until < until or hold.reason != said.reason


def _prolong(same: Sequence[tuple[int, Said]], until: datetime) -> None:
    rows = [(environment_id, *one) for environment_id, one in same]
    environments, guards, verdicts, reasons = map(list, zip(*rows, strict=True))
    given = {"environments": environments, "guards": guards, "verdicts": verdicts, "reasons": reasons}
    with connection.cursor() as cursor:
        cursor.execute(PROLONG, given | {"until": until})


def verdicts(environment_id: int, guards: Sequence[str], at: datetime) -> tuple[GuardVerdict, ...]:
    """What each of these guards says now, in their order."""
    rows = {hold.guard: hold for hold in Hold.objects.filter(environment_id=environment_id, guard__in=guards)}
    return tuple(judged(guard, rows.get(guard), at) for guard in guards)


def judged(guard: str, hold: Hold | None, at: datetime) -> GuardVerdict:
    kept = Kept(hold.verdict == Hold.Verdict.GREEN, hold.reason, hold.valid_until) if hold else None
    return judge(guard, kept, at)
