"""When a deployment has to end by itself: five rules about the new slot, each with what it saw. Pure; docs/judge.md.

All five are asked in every live state, paused and waiting included. What hits both slots never rolls back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.core.domain.units import Unit, in_words
from apps.core.statistics.quantiles import quantile, quantile_ratio

from .firing import Fired, Limits, Point, Quiet, Slot, Trigger, Unknown, ailing, beside, clock, last_minutes
from .judging import wording
from .judging.findings import Action
from .judging.latency import FASTEST, P95
from .observations import Attempt, Minute

Outcome = Fired | Quiet
Pairs = Sequence[tuple[Minute, Minute]]  # of the new slot and of the baseline, at the same time


@dataclass(frozen=True, slots=True)
class Watch:
    """What all five are asked about. A baseline without traffic may lend minutes of an earlier day, moved to now."""

    new: Slot
    baseline: Slot
    warm_at: datetime  # latencies count from then on
    at: datetime
    limits: Limits = Limits()  # noqa: RUF009 - frozen


def evaluate(watch: Watch) -> list[Outcome]:
    """All five, in the order of Trigger."""
    rules = (error_rate, degradation, probes, connections, logins)
    return [_unless_shared(rule(watch), watch) for rule in rules]


def _unless_shared(outcome: Outcome, watch: Watch) -> Outcome:
    """Not the release's fault: people decide."""
    shared = ailing(watch.baseline, watch.at, watch.limits) if isinstance(outcome, Fired) else None
    if not isinstance(outcome, Fired) or shared is None or outcome.action is Action.PAUSE:
        return outcome
    reason = f"{outcome.reason} But {shared}: that is not the release's fault."
    return replace(outcome, action=Action.PAUSE, reason=reason)


def error_rate(watch: Watch) -> Outcome:
    """Above 5 % in each of the last 5 minutes, with at least 50 requests in them."""
    trigger, limits = Trigger.ERROR_RATE, watch.limits
    run = last_minutes(watch.new.minutes, watch.at, limits.minutes)
    if isinstance(run, Unknown):
        return Quiet(trigger, f"Errors: {run.reason}.", conclusive=False)
    requests, errors = sum(minute.requests for minute in run), sum(minute.errors for minute in run)
    if requests < limits.least_requests or not all(minute.requests for minute in run):
        told = f"Errors: {requests:,} requests in the last {len(run)} minutes; {limits.least_requests} are needed"
        return Quiet(trigger, f"{told}, and some in each minute.", conclusive=False)
    above = [minute.errors / minute.requests > limits.error_share for minute in run]
    limit = in_words(limits.error_share, Unit.RATIO)
    if not all(above):
        return Quiet(trigger, f"Errors: above {limit} in {sum(above)} of the last {len(run)} minutes.", conclusive=True)
    told = f"Errors were above {limit} in each of the last {len(run)} minutes ({clock(run)})"
    share = in_words(errors / requests, Unit.RATIO)
    reason = f"{told}: {errors:,} of {requests:,} requests failed ({share})."
    return Fired(trigger, Action.ROLL_BACK, reason, _error_points(run, watch.baseline.minutes))


def _error_points(run: Sequence[Minute], others: Sequence[Minute]) -> tuple[Point, ...]:
    known = {minute.from_at: minute.errors / minute.requests for minute in others if minute.requests}
    return tuple(Point(minute.from_at, minute.errors / minute.requests, known.get(minute.from_at)) for minute in run)


def degradation(watch: Watch) -> Outcome:
    """The p95 above 1.5 times the other in each of the last 5 minutes after the warm-up, in all surely above 1.25."""
    pairs = _pairs(watch, watch.limits.minutes)
    if isinstance(pairs, Unknown):
        return Quiet(Trigger.DEGRADATION, f"Latency: {pairs.reason}.", conclusive=False)
    if pairs[0][0].from_at < watch.warm_at:
        return Quiet(Trigger.DEGRADATION, f"Latency: warming up until {watch.warm_at:%H:%M} UTC.", conclusive=False)
    if not all(ours.latencies and theirs.latencies for ours, theirs in pairs):
        return Quiet(Trigger.DEGRADATION, "Latency: a minute without any on one of the slots.", conclusive=False)
    return _slower(pairs, watch.limits)


def _slower(pairs: Pairs, limits: Limits) -> Outcome:
    points = tuple(Point(ours.from_at, _p95([ours]), _p95([theirs])) for ours, theirs in pairs)
    above = sum(point.new > limits.slower * (point.baseline or FASTEST) for point in points)
    ours, theirs = (_latencies([pair[side] for pair in pairs]) for side in (0, 1))
    ratio, interval = quantile_ratio(ours, theirs, P95, limits.level)
    values = f"{wording.milliseconds(quantile(ours, P95))} against {wording.milliseconds(quantile(theirs, P95))}"
    told = f"{values}, {wording.ratio(ratio, interval, 'slow')}"
    factor, surely = wording.times(limits.slower), wording.times(limits.surely_slower)
    if above < len(points) or ratio <= limits.slower:
        words = f"Latency: the p95 was above {factor} the baseline's in {above} of the last {len(points)} minutes"
        return Quiet(Trigger.DEGRADATION, f"{words}: {told}.", conclusive=True)
    if interval.low <= limits.surely_slower:
        words = f"Latency: {told}, which may still be {surely} or less"
        return Quiet(Trigger.DEGRADATION, f"{words}.", conclusive=False)
    when = f"in each of the last {len(points)} minutes ({clock([minute for minute, _ in pairs])})"
    return Fired(
        Trigger.DEGRADATION, Action.ROLL_BACK, f"The p95 was above {factor} the baseline's {when}: {told}.", points
    )


def _pairs(watch: Watch, count: int) -> Pairs | Unknown:
    run = last_minutes(watch.new.minutes, watch.at, count)
    return run if isinstance(run, Unknown) else beside(run, watch.baseline.minutes)


def _latencies(minutes: Sequence[Minute]) -> list[float]:
    return sorted(max(latency, FASTEST) for minute in minutes for latency in minute.latencies)


def _p95(minutes: Sequence[Minute]) -> float:
    return quantile(_latencies(minutes), P95)


def probes(watch: Watch) -> Outcome:
    """4 or more failed ones within 5 minutes."""
    trigger, limits = Trigger.PROBES, watch.limits
    window = [probe for probe in watch.new.probes if timedelta(0) <= watch.at - probe.at < limits.window]
    if not window:
        return Quiet(trigger, f"Health: no probe in the last {limits.minutes} minutes.", conclusive=False)
    failed = sum(not probe.ok for probe in window)
    told = f"{failed} of {len(window)} health probes failed in the last {limits.minutes} minutes"
    if failed < limits.failed_probes:
        return Quiet(trigger, f"{told}.", conclusive=True)
    reason = f"{told}; {limits.failed_probes} are too many."
    return Fired(trigger, Action.ROLL_BACK, reason, _attempt_points(window))


def connections(watch: Watch) -> Outcome:
    """The last two or more tries to reach the database failed within 30 s; rolls back where the baseline reached it."""
    trigger, limits = Trigger.CONNECTIONS, watch.limits
    known = sorted((each for each in watch.new.connections if each.at <= watch.at), key=lambda each: each.at)
    if not known or watch.at - known[-1].at > limits.stale:
        return Quiet(trigger, "Database: no recent try to connect to it.", conclusive=False)
    pair = known[-limits.failed_connections :]
    took = (pair[-1].at - pair[0].at).total_seconds()
    if len(pair) < limits.failed_connections or any(each.ok for each in pair) or took > limits.connections_seconds:
        return Quiet(trigger, "Database: no failures in a row.", conclusive=True)
    told = f"{len(pair)} tries in a row to connect to the database failed within {took:g} s"
    points = _attempt_points(pair)
    if any(each.ok and pair[0].at <= each.at <= watch.at for each in watch.baseline.connections):
        return Fired(trigger, Action.ROLL_BACK, f"{told}, while the baseline reached it.", points)
    reason = f"{told}, and nothing shows that the baseline reached it since: it may not be the release's fault."
    return Fired(trigger, Action.PAUSE, reason, points)


def _attempt_points(attempts: Sequence[Attempt]) -> tuple[Point, ...]:
    """1 for a failed one."""
    return tuple(Point(attempt.at, float(not attempt.ok)) for attempt in sorted(attempts, key=lambda each: each.at))


def logins(watch: Watch) -> Outcome:
    """The share of logins that succeed is below half of the baseline's in each of the last 2 minutes."""
    limits, pairs = watch.limits, _pairs(watch, watch.limits.login_minutes)
    if isinstance(pairs, Unknown):
        return Quiet(Trigger.LOGINS, f"Logins: {pairs.reason}.", conclusive=False)
    (tried, _), (others, others_ok) = (_logins([pair[side] for pair in pairs]) for side in (0, 1))
    if min(tried, others) < limits.least_logins or not all(ours.logins for ours, _ in pairs):
        told = f"Logins: {tried:,} and {others:,} in the last {len(pairs)} minutes; {limits.least_logins} are needed"
        return Quiet(Trigger.LOGINS, f"{told} on each side, and some in each minute.", conclusive=False)
    if not others_ok:
        return Quiet(Trigger.LOGINS, "Logins: none succeeds on the baseline either.", conclusive=False)
    return _fewer_logins(pairs, limits)


def _fewer_logins(pairs: Pairs, limits: Limits) -> Outcome:
    (tried, ok), (others, others_ok) = (_logins([pair[side] for pair in pairs]) for side in (0, 1))
    usual = others_ok / others
    points = tuple(Point(ours.from_at, ours.logins_ok / ours.logins, usual) for ours, _ in pairs)
    when = clock([minute for minute, _ in pairs])
    told = f"{in_words(ok / tried, Unit.RATIO)} of {tried:,} logins succeeded ({when})"
    told += f" against {in_words(usual, Unit.RATIO)} of the baseline's {others:,}"
    if not all(point.new < limits.login_share * usual for point in points):
        return Quiet(Trigger.LOGINS, f"Logins: {told}.", conclusive=True)
    if usual < limits.login_share:
        reason = f"Only {told}: too few on both, which is not the release's fault."
        return Fired(Trigger.LOGINS, Action.PAUSE, reason, points)
    return Fired(Trigger.LOGINS, Action.ROLL_BACK, f"Only {told}: less than half of it in each minute.", points)


def _logins(minutes: Sequence[Minute]) -> tuple[int, int]:
    return sum(minute.logins for minute in minutes), sum(minute.logins_ok for minute in minutes)
