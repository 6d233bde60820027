"""Rolling back the deployment of a service, and holding one that is under way. Approvals, freezes and the calendar are
not asked: see the deployments' services. A hold is taken back by going on; a rollback is not taken back at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.alerts.responses.kinds import CannotUndo, Done, Missing, Refused, Subject
from apps.core.audit import Actor
from apps.core.services import StaleVersion
from apps.deployments import selectors, services
from apps.deployments.domain.access import Action, needed
from apps.deployments.domain.states import State
from apps.deployments.selectors import LiveDeployment
from apps.flags.domain.engine.reading import read_text

MAX_KEY_LENGTH = 50
ONCE = "at most one automatic rollback per deployment, whoever asks"
NOT_TAKEN_BACK = "a rollback is not taken back; start a new deployment of that version once it is mended"
CHANGED = "the deployment went on since; decide on its page"


class DeploymentDeed:
    """What both share."""

    fields, optional = ("service",), ()
    limits: Mapping[str, int] = {"cooldown_seconds": 900, "daily_budget": 3, "changed_within_seconds": 3_600}

    def read(self, fields: Mapping[str, object]) -> dict[str, Any]:
        return {"service": read_text("response.service", fields.get("service"), MAX_KEY_LENGTH)}

    def last(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> LiveDeployment:
        found = selectors.live_deployment(environment_id, config["service"], at)
        if found is None:
            raise Missing(f"nothing of {config['service']} was deployed here, so nothing can be blamed")
        return found


class RollBack(DeploymentDeed):
    name = "roll_back_deployment"
    words = "rolls back the deployment of"

    def find(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> Subject:
        """Also one that succeeded, as long as the version before is warm: the guard says how old it may be."""
        found = self.last(environment_id, config, at)
        return Subject(f"target:{found.target_id}", found.words, found.pk, found.changed_at, found.no_way_back)

    def act(self, subject: Subject, *, trigger: str, actor: Actor, reason: str, at: datetime) -> Done:
        who: dict[str, Any] = {"actor": actor, "reason": reason, "at": at}
        try:
            services.roll_back(deployment_id=subject.pk, automatic=True, trigger=trigger, **who)
        except services.CannotRollBack as refusal:
            raise Refused(str(refusal)) from None
        except services.RolledBackAlready:
            raise Refused(ONCE) from None
        words = f"rolls back {subject.words}: its traffic goes to the version before; its page says how far it is"
        return Done(words, {"deployment": subject.pk})

    def rights(self, *, protected: bool) -> tuple[str, ...]:
        return needed(Action.ROLL_BACK, protected=protected)

    def undo(self, kept: Mapping[str, Any], *, actor: Actor, reason: str, at: datetime) -> str:
        raise CannotUndo(NOT_TAKEN_BACK)


class Hold(DeploymentDeed):
    name = "hold_deployment"
    words = "holds the deployment of"

    def find(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> Subject:
        found = self.last(environment_id, config, at)
        over = "" if found.live else "no deployment of it is under way"
        over = "it is paused already" if found.state == State.PAUSED else over
        return Subject(f"target:{found.target_id}:hold", found.words, found.pk, found.changed_at, over)

    def act(self, subject: Subject, *, trigger: str, actor: Actor, reason: str, at: datetime) -> Done:
        who: dict[str, Any] = {"actor": actor, "reason": reason, "at": at, "expected_version": None}
        try:
            row = services.pause_deployment(deployment_id=subject.pk, **who)
        except services.NotLive:
            raise Refused("it has ended, or is paused already") from None
        kept = {"deployment": row.pk, "version": row.version, "words": subject.words}
        return Done(f"paused {subject.words}: it stays at its share of the traffic until somebody resumes it", kept)

    def rights(self, *, protected: bool) -> tuple[str, ...]:
        return needed(Action.STEER, protected=protected)

    def undo(self, kept: Mapping[str, Any], *, actor: Actor, reason: str, at: datetime) -> str:
        who: dict[str, Any] = {"actor": actor, "reason": reason, "at": at, "expected_version": kept["version"]}
        try:
            services.resume_deployment(deployment_id=kept["deployment"], **who)
        except (StaleVersion, services.NotPaused):
            raise CannotUndo(CHANGED) from None
        return f"resumed {kept['words']}"


ROLL_BACK, HOLD = RollBack(), Hold()
