"""The states of a deployment, and what it works at within them."""

from enum import StrEnum


class State(StrEnum):
    CHECKING = "CHECKING"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    QUEUED = "QUEUED"  # for its time, the calendar, holds, or the deployment before it
    PREPARING = "PREPARING"  # the new slot is brought up and tested; no user has met it
    READY = "READY"  # to switch: what may forbid traffic is looked at once more
    ROLLING = "ROLLING"
    PAUSED = "PAUSED"
    WATCHING = "WATCHING"  # all traffic is on the new slot, the old one is kept warm
    ROLLING_BACK = "ROLLING_BACK"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"  # a person is needed; still tried
    SUCCEEDED = "SUCCEEDED"
    ROLLED_BACK = "ROLLED_BACK"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"
    FAILED_BEFORE_TRAFFIC = "FAILED_BEFORE_TRAFFIC"
    EXPIRED = "EXPIRED"


class Task(StrEnum):
    """One tick does one of these."""

    GATES = "GATES"
    DRAIN = "DRAIN"  # the slot that is replaced
    PREPARE = "PREPARE"  # ask the agent to bring the release up
    HEALTH = "HEALTH"
    SMOKE = "SMOKE"
    SHIFT = "SHIFT"  # assert the step's weights
    HOLD = "HOLD"  # keep asserting them, judge, wait
    WATCH = "WATCH"
    STOP = "STOP"  # ask the agent to stop the slot that is no longer needed
    NONE = "NONE"


WAITING = frozenset({State.CHECKING, State.AWAITING_APPROVAL, State.QUEUED})
LIVE = frozenset({State.ROLLING, State.PAUSED, State.WATCHING})  # users may be on the new slot
GOING_BACK = frozenset({State.ROLLING_BACK, State.ROLLBACK_FAILED})
BACK = GOING_BACK | {State.ROLLED_BACK}
ACTIVE = frozenset(  # these hold the lock of their target
    {State.PREPARING, State.READY, *LIVE, *GOING_BACK}
)
OVER = frozenset(State) - WAITING - ACTIVE
CANCELLABLE = WAITING | {State.PREPARING, State.READY}
FIRST_TASK = {
    State.CHECKING: Task.GATES,
    State.AWAITING_APPROVAL: Task.GATES,
    State.QUEUED: Task.GATES,
    State.PREPARING: Task.DRAIN,
    State.READY: Task.GATES,
    State.ROLLING: Task.SHIFT,
    State.PAUSED: Task.HOLD,
    State.WATCHING: Task.WATCH,
    State.ROLLING_BACK: Task.SHIFT,
    State.ROLLBACK_FAILED: Task.SHIFT,
}


def first_task(state: State) -> Task:
    return FIRST_TASK.get(state, Task.NONE)
