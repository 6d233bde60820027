"""Verdicts of guards: how they are written from above and read from below. Who is guarded by what is not known here."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.domain.holds import GuardVerdict, Kept, judge
from apps.core.models import Environment, Hold


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


def verdicts(environment_id: int, guards: Sequence[str], at: datetime) -> tuple[GuardVerdict, ...]:
    """What each of these guards says now, in their order."""
    rows = {hold.guard: hold for hold in Hold.objects.filter(environment_id=environment_id, guard__in=guards)}
    return tuple(judged(guard, rows.get(guard), at) for guard in guards)


def judged(guard: str, hold: Hold | None, at: datetime) -> GuardVerdict:
    kept = Kept(hold.verdict == Hold.Verdict.GREEN, hold.reason, hold.valid_until) if hold else None
    return judge(guard, kept, at)
