"""What every page about deployments shares: finding the deployment, who may do what, and refusals in words."""

from datetime import datetime

from apps.core.pages import Pill, ScopedPage
from apps.deployments.domain.access import Action, needed
from apps.deployments.models import Deployment

FORBIDDEN, CONFLICT, UNPROCESSABLE = 403, 409, 422
State = Deployment.State
TONES = {
    State.CHECKING: "info",
    State.AWAITING_APPROVAL: "warn",
    State.QUEUED: "info",
    State.PREPARING: "info",
    State.READY: "info",
    State.ROLLING: "info",
    State.PAUSED: "warn",
    State.WATCHING: "info",
    State.ROLLING_BACK: "stale",
    State.ROLLBACK_FAILED: "killed",
    State.SUCCEEDED: "on",
    State.ROLLED_BACK: "killed",
    State.FAILED_BEFORE_TRAFFIC: "killed",
}


def state_pill(row: Deployment) -> Pill:
    return Pill(TONES.get(State(row.state), "off"), str(row.get_state_display()))


def lasted(seconds: float) -> str:
    """As in "42 s", "12 min", "1 h 5 min" and "2 d 3 h"; two units are enough."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    parts = ((whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "min"))
    return " ".join([f"{count} {unit}" for count, unit in parts if count][:2])


def moment(when: datetime, at: datetime) -> str:
    """An absolute time in UTC, with the day where that is another one than today."""
    return f"{when:%H:%M:%S} UTC" if when.date() == at.date() else f"{when:%Y-%m-%d %H:%M} UTC"


class DeploymentsPage(ScopedPage):
    """`action` says what the page is for; access.py says what that needs."""

    action = Action.VIEW

    def permissions(self) -> tuple[str, ...]:
        return (*needed(Action.VIEW), *self.needed(self.action))

    def needed(self, action: Action) -> tuple[str, ...]:
        return needed(action, protected=self.environment.protected)

    def may(self, action: Action) -> bool:
        return self.request.user.has_perms(self.needed(action))
