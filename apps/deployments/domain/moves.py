"""What the machine looks at, and what it answers. Times are absolute; nothing here waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .judging.findings import Action
from .plans import WHOLE, Plan, Step
from .states import State, Task, first_task


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one target."""

    healthy_in_a_row: int = 3
    prepare_seconds: int = 900  # from asking the agent until the slot is healthy
    drain_seconds: int = 30
    stops_old: bool = False  # whether the old slot is stopped after the watch
    hands_free: bool = True  # False: somebody else moves the traffic, and takes the time it takes


@dataclass(frozen=True, slots=True)
class Standing:
    """A deployment as it is kept between two ticks."""

    state: State
    task: Task
    plan: Plan
    limits: Limits
    position: int  # of the present step, from 0
    requested_at: datetime
    task_since: datetime
    tries: int = 0  # outcomes of this task in a row that were alike
    scheduled_at: datetime | None = None
    hold_until: datetime | None = None
    watch_until: datetime | None = None
    step_approved: bool = False

    @property
    def step(self) -> Step:
        return self.plan.steps[self.position]

    @property
    def is_last_step(self) -> bool:
        return self.position == len(self.plan.steps) - 1

    @property
    def weight(self) -> int | None:
        """What the new slot should have; None where nobody asserts anything."""
        if self.state in (State.ROLLING, State.PAUSED):
            return self.step.weight
        if self.state is State.WATCHING:
            return WHOLE
        if self.state in (State.PREPARING, State.ROLLING_BACK, State.ROLLBACK_FAILED):
            return 0
        return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a tick's work outside. `ok` None: not yet."""

    ok: bool | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Somebody wants the release gone, or looked at: a trigger, or the judge."""

    action: Action
    words: str
    trigger: str = ""  # its name, for the record


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known inside the portal at this moment. Words are empty where nothing is in the way."""

    failed: str = ""  # gates that must pass before anybody is asked
    unapproved: str = ""
    closed: str = ""  # what forbids traffic now: calendar, holds, the deployment before this one
    red: str = ""  # guards that are not green
    inconclusive: str = ""  # why the judge cannot say that the step went well
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True)
class Move:
    state: State
    task: Task
    position: int
    words: str  # why, for people
    due_at: datetime | None  # of the next tick; None when it is over
    hold_until: datetime | None = None
    watch_until: datetime | None = None
    tries: int = 0
    alarm: Alarm | None = None  # what made it roll back or pause


def stay(now: Standing, words: str, at: datetime, *, seconds: float, tries: int | None = None) -> Move:
    return Move(
        now.state,
        now.task,
        now.position,
        words,
        at + timedelta(seconds=seconds),
        now.hold_until,
        now.watch_until,
        now.tries if tries is None else tries,
    )


def on(now: Standing, task: Task, words: str, at: datetime) -> Move:
    """The next task of the same state, at once."""
    return Move(now.state, task, now.position, words, at, now.hold_until, now.watch_until)


def enter(now: Standing, state: State, words: str, at: datetime, *, position: int | None = None) -> Move:
    """Another state, at its first task, at once."""
    place = now.position if position is None else position
    task = first_task(state)
    return Move(state, task, place, words, None if task is Task.NONE else at, None, now.watch_until)
