"""Killing a flag, and rolling back the rollout that carries it. Neither asks for approval: see the flags' services."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.alerts.responses.kinds import Subject
from apps.core.audit import Actor
from apps.flags import selectors, services
from apps.flags.domain.engine.limits import MAX_KEY_LENGTH
from apps.flags.domain.engine.reading import read_text


class Kill:
    name = "kill_flag"
    words = "kills"
    fields = ("flag",)

    def read(self, fields: Mapping[str, object]) -> dict[str, Any]:
        return _flag(fields)

    def find(self, environment_id: int, config: Mapping[str, Any]) -> Subject | None:
        found = selectors.changed_state(environment_id, config["flag"])
        if found is None:
            return None
        over = "it is killed already" if found.is_killed else ""
        return Subject(f"flag:{found.state_id}", found.words, found.state_id, found.changed_at, over)

    def act(self, subject: Subject, *, actor: Actor, reason: str, at: datetime) -> str:
        services.kill(state_id=subject.pk, actor=actor, reason=reason, at=at)
        return f"killed {subject.words}: everyone gets the off variant"


class RollBack:
    name = "roll_back_rollout"
    words = "rolls back the rollout of"
    fields = ("flag",)

    def read(self, fields: Mapping[str, object]) -> dict[str, Any]:
        return _flag(fields)

    def find(self, environment_id: int, config: Mapping[str, Any]) -> Subject | None:
        found = selectors.changed_state(environment_id, config["flag"])
        if found is None:
            return None
        over = "" if found.open_plan_id else "no rollout of it is open"
        return Subject(f"rollout:{found.state_id}", found.words, found.open_plan_id or 0, found.changed_at, over)

    def act(self, subject: Subject, *, actor: Actor, reason: str, at: datetime) -> str:
        services.roll_back_rollout(plan_id=subject.pk, actor=actor, reason=reason, at=at)
        return f"rolled back the rollout of {subject.words} to what was served before it"


KILL, ROLL_BACK = Kill(), RollBack()


def _flag(fields: Mapping[str, object]) -> dict[str, Any]:
    return {"flag": read_text("response.flag", fields.get("flag"), MAX_KEY_LENGTH)}
