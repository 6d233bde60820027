"""The four phases of a deployment: how long each is meant to take, and from when to when it was under way."""

from dataclasses import dataclass
from datetime import datetime

from .plans import Plan

MINUTE = 60
BEFORE = (0, 30 * MINUTE)
DEPLOY = (10 * MINUTE, 15 * MINUTE)
VERIFY = (15 * MINUTE, 30 * MINUTE)  # longer where the steps hold for longer
SLACK_SECONDS = 15 * MINUTE  # what looking after the steps may take on top of what they hold


@dataclass(frozen=True, slots=True)
class Times:
    """Of a deployment, as far as it came."""

    requested_at: datetime
    started_at: datetime | None = None
    traffic_at: datetime | None = None
    whole_at: datetime | None = None
    ended_at: datetime | None = None
    watch_until: datetime | None = None
    went_back: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    least_seconds: int  # as planned
    most_seconds: int
    began_at: datetime | None
    ended_at: datetime | None

    @property
    def took_seconds(self) -> float | None:
        return (self.ended_at - self.began_at).total_seconds() if self.began_at and self.ended_at else None


def phases(plan: Plan, times: Times) -> tuple[Phase, ...]:
    """Before, deploy, verify, watch. One that the deployment did not come to has no times."""
    held = plan.hold_seconds
    verify = (max(held, VERIFY[0]), max(held + SLACK_SECONDS, VERIFY[1]))
    watch = (plan.watch_seconds, plan.watch_seconds)
    ended = times.ended_at
    watched = ended
    if ended and times.watch_until and times.went_back:  # perhaps long after the watch, which that makes no longer
        watched = min(ended, times.watch_until)
    return (
        _phase("before", BEFORE, times.requested_at, times.started_at or ended),
        _phase("deploy", DEPLOY, times.started_at, times.traffic_at or ended),
        _phase("verify", verify, times.traffic_at, times.whole_at or ended),
        _phase("watch", watch, times.whole_at, watched),
    )


def _phase(name: str, planned: tuple[int, int], began_at: datetime | None, ended_at: datetime | None) -> Phase:
    return Phase(name, *planned, began_at, ended_at if began_at else None)
