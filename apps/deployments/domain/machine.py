"""The state machine of a deployment: from how it stands, what the last tick did and what is known, to one move."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from .judging.findings import Action
from .moves import Facts, Move, Outcome, Standing, enter, on, stay
from .states import LIVE, State, Task

EXPIRES = timedelta(days=7)  # of waiting
LOOK_SECONDS = 5.0  # between two looks at what changes by itself; what people do makes a deployment due at once
PROBE_SECONDS = 2.0
SHIFT_SECONDS = 120  # in which a proxy has to follow
ROLLBACK_SECONDS = 300  # in which the old slot has to be back and well, before a person is called
MOST_TRIES = 3

Handler = Callable[[Standing, Outcome, Facts, datetime], Move]


def next_move(now: Standing, outcome: Outcome, facts: Facts, at: datetime) -> Move:
    """One step. Whoever calls again after a crash, with the same arguments, gets the same answer."""
    if now.state in LIVE and facts.alarm and facts.alarm.action is Action.ROLL_BACK:
        return replace(enter(now, State.ROLLING_BACK, facts.alarm.words, at), alarm=facts.alarm)
    return _HANDLERS[now.state, now.task](now, outcome, facts, at)


def _checking(now: Standing, _: Outcome, facts: Facts, at: datetime) -> Move:
    if facts.failed:
        return _waiting(now, facts.failed, at)
    if facts.unapproved:
        return enter(now, State.AWAITING_APPROVAL, facts.unapproved, at)
    return enter(now, State.QUEUED, "Every check passed", at)


def _awaiting(now: Standing, _: Outcome, facts: Facts, at: datetime) -> Move:
    if facts.unapproved:
        return _waiting(now, facts.unapproved, at)
    return enter(now, State.QUEUED, "Approved", at)


def _queued(now: Standing, _: Outcome, facts: Facts, at: datetime) -> Move:
    if facts.failed or facts.unapproved:  # what passed once may be taken back
        return enter(now, State.CHECKING, facts.failed or facts.unapproved, at)
    if now.scheduled_at and at < now.scheduled_at:
        return _waiting(now, f"Starts at {now.scheduled_at:%Y-%m-%d %H:%M} UTC", at)
    if facts.closed:
        return _waiting(now, facts.closed, at)
    return enter(now, State.PREPARING, "Nothing is in the way", at)


def _waiting(now: Standing, words: str, at: datetime) -> Move:
    since = max(now.requested_at, now.scheduled_at or now.requested_at)
    if at >= since + EXPIRES:
        return enter(now, State.EXPIRED, f"Waited for {EXPIRES.days} days. Last: {words}", at)
    return stay(now, words, at, seconds=LOOK_SECONDS)


def _drain(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    after = Task.PREPARE if now.state is State.PREPARING else Task.STOP
    if outcome.ok or _lasted(now, at, now.limits.drain_seconds):
        return on(now, after, outcome.words, at)
    return stay(now, outcome.words, at, seconds=PROBE_SECONDS)


def _prepare(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    if outcome.ok:
        return on(now, Task.HEALTH, outcome.words, at)
    return _again(now, outcome, at, else_=State.FAILED_BEFORE_TRAFFIC)


def _health(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    streak = now.tries + 1 if outcome.ok else 0
    if streak >= now.limits.healthy_in_a_row:
        return on(now, Task.SMOKE, outcome.words, at)
    if not outcome.ok and _lasted(now, at, now.limits.prepare_seconds):
        return enter(now, State.FAILED_BEFORE_TRAFFIC, f"The new slot did not become healthy: {outcome.words}", at)
    return stay(now, outcome.words, at, seconds=PROBE_SECONDS, tries=streak)


def _smoke(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    if outcome.ok:
        return enter(now, State.READY, outcome.words, at)
    return _again(now, outcome, at, else_=State.FAILED_BEFORE_TRAFFIC)


def _ready(now: Standing, _: Outcome, facts: Facts, at: datetime) -> Move:
    if facts.closed:
        return stay(now, facts.closed, at, seconds=LOOK_SECONDS)
    return enter(now, State.ROLLING, f"{now.plan.steps[0].words} of traffic", at, position=0)


def _shift(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    if outcome.ok:
        until = at + timedelta(seconds=now.step.hold_seconds)
        return replace(on(now, Task.HOLD, outcome.words, at), hold_until=until)
    if now.limits.hands_free and _lasted(now, at, SHIFT_SECONDS):
        return enter(now, State.PAUSED, f"The traffic does not follow: {outcome.words}", at)
    return stay(now, outcome.words, at, seconds=PROBE_SECONDS)


def _hold(now: Standing, outcome: Outcome, facts: Facts, at: datetime) -> Move:
    if paused := _paused(now, facts, at):
        return paused
    if now.hold_until and at < now.hold_until:
        until = min(LOOK_SECONDS, (now.hold_until - at).total_seconds())
        return stay(now, outcome.words, at, seconds=until)
    if held := _held(now, outcome, facts):
        return stay(now, held, at, seconds=LOOK_SECONDS)
    if now.step.analyse and facts.inconclusive:
        return enter(now, State.PAUSED, facts.inconclusive, at)
    return _onward(now, at)


def _held(now: Standing, outcome: Outcome, facts: Facts) -> str:
    """Why the weight does not grow yet."""
    if outcome.ok is not True:
        return outcome.words
    if now.step.needs_approval and not now.step_approved:
        return f"{now.step.words} waits for somebody's approval"
    return facts.red or ("" if now.is_last_step else facts.closed)


def _onward(now: Standing, at: datetime) -> Move:
    if not now.is_last_step:
        following = now.plan.steps[now.position + 1]
        return enter(now, State.ROLLING, f"On to {following.words}", at, position=now.position + 1)
    until = at + timedelta(seconds=now.plan.watch_seconds)
    return replace(enter(now, State.WATCHING, "All traffic is on the new slot", at), watch_until=until)


def _hold_paused(now: Standing, outcome: Outcome, facts: Facts, at: datetime) -> Move:
    """A person goes on from here, or a trigger rolls back."""
    return stay(now, outcome.words if outcome.ok is False else "", at, seconds=LOOK_SECONDS)


def _watch(now: Standing, outcome: Outcome, facts: Facts, at: datetime) -> Move:
    if paused := _paused(now, facts, at):
        return paused
    if now.watch_until and at < now.watch_until:
        return stay(now, outcome.words, at, seconds=min(LOOK_SECONDS, (now.watch_until - at).total_seconds()))
    return on(now, Task.SMOKE, "The watch is over", at)


def _final_smoke(now: Standing, outcome: Outcome, facts: Facts, at: datetime) -> Move:
    if paused := _paused(now, facts, at):
        return paused
    if not outcome.ok:
        return _again(now, outcome, at, else_=State.PAUSED)
    if now.limits.stops_old:
        return on(now, Task.DRAIN, outcome.words, at)
    return enter(now, State.SUCCEEDED, outcome.words, at)


def _stop(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    """A slot that cannot be stopped takes nothing from the release: it is told, and that is all."""
    if outcome.ok or now.tries + 1 >= MOST_TRIES:
        return enter(now, State.SUCCEEDED, outcome.words, at)
    return stay(now, outcome.words, at, seconds=PROBE_SECONDS, tries=now.tries + 1)


def _paused(now: Standing, facts: Facts, at: datetime) -> Move | None:
    if facts.alarm and facts.alarm.action is Action.PAUSE:
        return replace(enter(now, State.PAUSED, facts.alarm.words, at), alarm=facts.alarm)
    return None


def _back(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    if outcome.ok:
        return on(now, Task.HEALTH, outcome.words, at)
    return _call_somebody(now, outcome, at)


def _back_healthy(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    streak = now.tries + 1 if outcome.ok else 0
    if streak >= now.limits.healthy_in_a_row:
        return on(now, Task.SMOKE, outcome.words, at)
    return replace(_call_somebody(now, outcome, at), tries=streak)


def _back_smoke(now: Standing, outcome: Outcome, _: Facts, at: datetime) -> Move:
    if outcome.ok:
        return enter(now, State.ROLLED_BACK, outcome.words, at)
    return _call_somebody(now, outcome, at)


def _call_somebody(now: Standing, outcome: Outcome, at: datetime) -> Move:
    """It goes on trying all the same, at the same task: the person may repair the proxy or the old slot."""
    move = stay(now, outcome.words, at, seconds=PROBE_SECONDS)
    late = now.limits.hands_free and outcome.ok is not True and _lasted(now, at, ROLLBACK_SECONDS)
    return replace(move, state=State.ROLLBACK_FAILED) if late else move


def _again(now: Standing, outcome: Outcome, at: datetime, *, else_: State) -> Move:
    if outcome.ok is False and now.tries + 1 >= MOST_TRIES:
        return enter(now, else_, outcome.words, at)
    tries = now.tries + 1 if outcome.ok is False else now.tries
    return stay(now, outcome.words, at, seconds=PROBE_SECONDS * 2**tries, tries=tries)


def _lasted(now: Standing, at: datetime, seconds: float) -> bool:
    return at - now.task_since >= timedelta(seconds=seconds)


_HANDLERS: dict[tuple[State, Task], Handler] = {
    (State.CHECKING, Task.GATES): _checking,
    (State.AWAITING_APPROVAL, Task.GATES): _awaiting,
    (State.QUEUED, Task.GATES): _queued,
    (State.PREPARING, Task.DRAIN): _drain,
    (State.PREPARING, Task.PREPARE): _prepare,
    (State.PREPARING, Task.HEALTH): _health,
    (State.PREPARING, Task.SMOKE): _smoke,
    (State.READY, Task.GATES): _ready,
    (State.ROLLING, Task.SHIFT): _shift,
    (State.ROLLING, Task.HOLD): _hold,
    (State.PAUSED, Task.HOLD): _hold_paused,
    (State.WATCHING, Task.WATCH): _watch,
    (State.WATCHING, Task.SMOKE): _final_smoke,
    (State.WATCHING, Task.DRAIN): _drain,
    (State.WATCHING, Task.STOP): _stop,
    (State.ROLLING_BACK, Task.SHIFT): _back,
    (State.ROLLING_BACK, Task.HEALTH): _back_healthy,
    (State.ROLLING_BACK, Task.SMOKE): _back_smoke,
    (State.ROLLBACK_FAILED, Task.SHIFT): _back,
    (State.ROLLBACK_FAILED, Task.HEALTH): _back_healthy,
    (State.ROLLBACK_FAILED, Task.SMOKE): _back_smoke,
}
