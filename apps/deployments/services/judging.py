"""Asking the judge and the triggers about a deployment that carries traffic. Private to services; the caller holds the
locks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import NamedTuple

from apps.deployments.domain.counting import Measured, attempts, look_number, minutes, side
from apps.deployments.domain.firing import Fired, Limits, Slot
from apps.deployments.domain.judging.findings import Action, Finding, Judgement, Verdict
from apps.deployments.domain.judging.judge import judge
from apps.deployments.domain.judging.policy import Look
from apps.deployments.domain.judging.settings import Strictness, parse_judge
from apps.deployments.domain.moves import Alarm, Standing
from apps.deployments.domain.states import LIVE, State, Task
from apps.deployments.domain.triggers import Watch, evaluate
from apps.deployments.models import Analysis, Deployment
from apps.deployments.selectors.observed import observed

WARM_UP = timedelta(seconds=30)  # after a switch; of short steps a quarter
LONGEST = timedelta(hours=2)  # that is looked back on
LIMITS = Limits()
JUDGE = "judge"  # as a trigger's name
MILDEST_FIRST = (Action.IGNORE, Action.PAUSE, Action.ROLL_BACK)


class Looked(NamedTuple):
    alarm: Alarm | None = None
    inconclusive: str = ""


@dataclass(frozen=True, slots=True)
class _Sight:
    """Both slots, as they were seen since the traffic was last shared otherwise."""

    row: Deployment
    now: Standing
    strictness: Strictness
    new: Measured
    base: Measured
    warm_at: datetime
    at: datetime


def look(row: Deployment, now: Standing, at: datetime) -> Looked:
    """The triggers each time, in every live state; the judge once a minute, and when the hold ends."""
    if now.state not in LIVE or not row.slot:
        return Looked()
    sight = _sight(row, now, at)
    alarm = _alarm(sight)
    if now.task is not Task.HOLD or not now.step.analyse:
        return Looked(alarm)
    judged = _judged(sight)
    return Looked(alarm or (_against(judged, row) if judged else None), _inconclusive(row))


def _sight(row: Deployment, now: Standing, at: datetime) -> _Sight:
    short = timedelta(seconds=now.step.hold_seconds / 4)
    moved = row.task_since if now.state is State.ROLLING else row.whole_at or row.traffic_at or row.task_since
    warm_at = max(moved + min(WARM_UP, short), at - LONGEST)
    since = min(warm_at, at - LIMITS.window - timedelta(minutes=2))
    seen = observed(row.target, (row.slot, row.base_slot), since, at)
    return _Sight(row, now, parse_judge(row.target.judge), seen[row.slot], seen[row.base_slot], warm_at, at)


def _alarm(sight: _Sight) -> Alarm | None:
    watch = Watch(_slot(sight, sight.new), _slot(sight, sight.base), sight.warm_at, sight.at, LIMITS)
    fired = [one for one in evaluate(watch) if isinstance(one, Fired)]
    allowed = sight.strictness.triggers
    wanted = [(min(one.action, allowed[one.trigger], key=MILDEST_FIRST.index), one) for one in fired]
    action, worst = max(wanted, key=lambda pair: MILDEST_FIRST.index(pair[0]), default=(Action.IGNORE, None))
    if worst is None or action is Action.IGNORE:
        return None
    return _once(sight.row, Alarm(action, worst.reason, worst.trigger.value))


def _slot(sight: _Sight, measured: Measured) -> Slot:
    """Minutes end where one of the present share of traffic does, so that none is half of another share."""
    whole = sight.warm_at + timedelta(minutes=look_number(sight.warm_at, sight.at))
    return Slot(
        minutes=minutes(measured, whole, LIMITS.minutes + 1),
        probes=attempts(measured.probes),
        connections=attempts(measured.connections),
    )


def _judged(sight: _Sight) -> Judgement | None:
    """None when this look was taken already, or it is too early for one."""
    row, now, at = sight.row, sight.now, sight.at
    number = look_number(sight.warm_at, at) + (now.hold_until is not None and at >= now.hold_until)
    if number < 1 or row.analyses.filter(position=now.position, look__gte=number).exists():
        return None
    new, base = (side(measured, sight.warm_at, at) for measured in (sight.new, sight.base))
    judged = judge(new, base, Look(number, max(1, now.step.hold_seconds // 60)), sight.strictness.policy)
    Analysis.objects.create(
        deployment=row,
        position=now.position,
        look=number,
        verdict=judged.verdict.value.upper(),
        words=judged.reason,
        findings=[_dump(one) for one in judged.findings],
        at=at,
    )
    return judged


def _against(judged: Judgement, row: Deployment) -> Alarm | None:
    """Of a bad verdict; an inconclusive one only matters where the step would go on."""
    if judged.verdict is not Verdict.BAD or judged.action is None:
        return None
    return _once(row, Alarm(judged.action, judged.reason, JUDGE))


def _once(row: Deployment, alarm: Alarm) -> Alarm:
    """By itself, a deployment is rolled back one time at most; then people decide."""
    if alarm.action is Action.ROLL_BACK and row.rollbacks.filter(automatic=True).exists():
        return Alarm(Action.PAUSE, alarm.words, alarm.trigger)
    return alarm


def _inconclusive(row: Deployment) -> str:
    last = row.analyses.filter(position=row.position).order_by("-look").first()
    if last is None:
        return "The judge has not looked yet"
    return last.words if last.verdict == Analysis.Verdict.INCONCLUSIVE else ""


def _dump(finding: Finding) -> dict[str, object]:
    told = {"metric": finding.metric.value, "action": finding.action.value, "verdict": finding.verdict.value}
    found = finding.comparison
    if found is None:
        return {**told, "reason": finding.reason}
    numbers = {"canary": found.canary, "baseline": found.baseline, "ratio": _finite(found.ratio)}
    return {**told, "reason": finding.reason, **numbers, "interval": [_finite(bound) for bound in found.interval]}


def _finite(number: float | None) -> float | None:
    """Against a slot without any error, a ratio has no end; JSON knows no infinity."""
    return number if number is not None and isfinite(number) else None
