"""Killing a flag, and pausing or rolling back the rollout that carries it. None asks for approval: see the flags'
services. Each is taken back through them, too, as far as they allow and while nobody has changed the flag since."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from apps.alerts.responses.kinds import CannotUndo, Done, Missing, Subject
from apps.core import navigation
from apps.core import selectors as core
from apps.core.approvals import ApprovalRequired
from apps.core.audit import Actor
from apps.core.services import StaleVersion
from apps.flags import selectors, services
from apps.flags.domain.access import Action, needed
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.limits import MAX_KEY_LENGTH
from apps.flags.domain.engine.reading import read_text
from apps.flags.domain.transitions import FlagIsArchived, FlagIsKilled, FlagIsNotKilled, NothingToChange
from apps.flags.selectors import ChangedState

KILLED = "the flag is killed; lift the kill on its page first"
ARCHIVED = "the flag is archived; restore it on its page first"


class FlagDeed:
    """What all of these share."""

    fields, optional = ("flag",), ()
    limits: Mapping[str, int] = {"cooldown_seconds": 900, "daily_budget": 3, "changed_within_seconds": 3_600}
    undoing = Action.CHANGE_STATE

    def read(self, fields: Mapping[str, object]) -> dict[str, Any]:
        return {"flag": read_text("response.flag", fields.get("flag"), MAX_KEY_LENGTH)}

    def rights(self, *, protected: bool) -> tuple[str, ...]:
        return needed(self.undoing, protected=protected)

    def state(self, environment_id: int, config: Mapping[str, Any]) -> ChangedState:
        found = selectors.changed_state(environment_id, config["flag"])
        if found is None:
            raise Missing(f"there is no flag {config['flag']} here any more")
        return found


class Kill(FlagDeed):
    name = "kill_flag"
    words = "kills"
    undoing = Action.KILL

    def find(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> Subject:
        found = self.state(environment_id, config)
        over = "it is killed already" if found.is_killed else ""
        return Subject(f"flag:{found.state_id}", found.words, found.state_id, found.changed_at, over)

    def act(self, subject: Subject, *, trigger: str, actor: Actor, reason: str, at: datetime) -> Done:
        row = services.kill(state_id=subject.pk, actor=actor, reason=reason, at=at)
        kept = {"state": row.pk, "version": row.version, "on": selectors.was_on(row.pk, row.version - 1)}
        return Done(f"killed {subject.words}: everyone gets the off variant", kept)

    def undo(self, kept: Mapping[str, Any], *, actor: Actor, reason: str, at: datetime) -> str:
        before = _unchanged(kept)
        status = FlagStatus.ON if kept["on"] else FlagStatus.OFF
        who: dict[str, Any] = {"actor": actor, "reason": reason, "at": at}
        with _refusals(kept):
            services.lift_kill(state_id=kept["state"], status=status, expected_version=kept["version"], **who)
        rest = "; its rollout stays paused until somebody resumes it" if before.open_plan_id else ""
        return f"lifted the kill of {before.words}: it is {status} again{rest}"


class Pause(FlagDeed):
    name = "pause_rollout"
    words = "pauses the rollout of"

    def find(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> Subject:
        found = self.state(environment_id, config)
        over = "" if found.open_plan_id else "no rollout of it is open"
        over = "its rollout is paused already" if found.is_paused else over
        return Subject(f"rollout:{found.state_id}", found.words, found.open_plan_id or 0, found.changed_at, over)

    def act(self, subject: Subject, *, trigger: str, actor: Actor, reason: str, at: datetime) -> Done:
        row = services.pause_rollout(plan_id=subject.pk, actor=actor, reason=reason, at=at, expected_version=None)
        kept = {"state": row.state_id, "version": row.state.version, "plan": row.pk, "plan_version": row.version}
        return Done(f"paused the rollout of {subject.words}: it stays in its stage until somebody resumes it", kept)

    def undo(self, kept: Mapping[str, Any], *, actor: Actor, reason: str, at: datetime) -> str:
        before, version = _unchanged(kept), kept["plan_version"]
        with _refusals(kept):
            services.resume_rollout(plan_id=kept["plan"], actor=actor, reason=reason, at=at, expected_version=version)
        return f"resumed the rollout of {before.words}"


class RollBack(FlagDeed):
    name = "roll_back_rollout"
    words = "rolls back the rollout of"

    def find(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> Subject:
        found = self.state(environment_id, config)
        over = "" if found.open_plan_id else "no rollout of it is open"
        return Subject(f"rollout:{found.state_id}", found.words, found.open_plan_id or 0, found.changed_at, over)

    def act(self, subject: Subject, *, trigger: str, actor: Actor, reason: str, at: datetime) -> Done:
        state_id = int(subject.key.partition(":")[2])
        before = selectors.state_now(state_id)
        row = services.roll_back_rollout(plan_id=subject.pk, actor=actor, reason=reason, at=at)
        moved = before is not None and row.state.version > before.version
        kept = {"state": state_id, "version": row.state.version, "before": row.state.version - 1 if moved else None}
        return Done(f"rolled back the rollout of {subject.words} to what was served before it", kept)

    def undo(self, kept: Mapping[str, Any], *, actor: Actor, reason: str, at: datetime) -> str:
        found, before = _unchanged(kept), kept["before"]
        if before is None:
            raise CannotUndo("rolling back changed nothing of what is served; start a new rollout on the flag's page")
        if found.is_killed:
            raise CannotUndo(KILLED)
        who: dict[str, Any] = {"actor": actor, "reason": reason, "at": at}
        with _refusals(kept, instead=f"ask for going back to its version {before}"):
            services.revert(state_id=kept["state"], to_version=before, expected_version=kept["version"], **who)
        return f"{found.words} serves again what it served before it was rolled back; the plan itself has ended"


KILL, PAUSE, ROLL_BACK = Kill(), Pause(), RollBack()


def _unchanged(kept: Mapping[str, Any]) -> ChangedState:
    """The state, as the deed left it."""
    found = selectors.state_now(kept["state"])
    if found is None:
        raise CannotUndo(ARCHIVED)
    if found.version != kept["version"]:
        raise CannotUndo(_changed(kept["state"]))
    return found


@contextmanager
def _refusals(kept: Mapping[str, Any], *, instead: str = "ask for the change") -> Iterator[None]:
    """What the flags' services have against it, with what to do instead."""
    try:
        yield
    except (StaleVersion, FlagIsNotKilled, services.RolloutIsNotPaused, services.FlagIsRollingOut):
        raise CannotUndo(_changed(kept["state"])) from None
    except services.RolloutIsOver:
        raise CannotUndo(f"the rollout has ended: {_changed(kept['state'])}") from None
    except FlagIsKilled:
        raise CannotUndo(KILLED) from None
    except FlagIsArchived:
        raise CannotUndo(ARCHIVED) from None
    except NothingToChange:
        raise CannotUndo("the flag serves that already") from None
    except services.InvalidFlag as fault:
        raise CannotUndo(f"that cannot be served any more: {' '.join(fault.messages)}") from None
    except ApprovalRequired as needs:
        words = f"{needs.environment.name} asks for approval of this: {instead} on the flag's page"
        raise CannotUndo(words) from None


def _changed(state_id: int) -> str:
    """By whom, as far as the trail tells."""
    last = core.audit_of("flags.flagstate", state_id).first()
    if last is None:
        return "the flag was changed since; decide on its page"
    did = navigation.kinds().get(last.kind, last.kind)
    return (
        f"the flag was changed since: {last.actor_label} {did} it at {last.at:%Y-%m-%d %H:%M} UTC; decide on its page"
    )
