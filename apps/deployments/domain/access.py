"""Which permissions an action on a deployment needs. Pages and the API both ask here."""

from enum import StrEnum


class Action(StrEnum):
    VIEW = "view"
    REQUEST = "request"  # and record what was done elsewhere
    STEER = "steer"  # pause, resume, go on, cancel, tick the checklist
    APPROVE = "approve"  # or reject; also a step of a canary
    ROLL_BACK = "roll back"  # and confirm that it is well again
    OVERRIDE = "override"  # a gate; an emergency hotfix overrides several at once
    RELEASE = "release"
    CONFIGURE = "configure"  # services, targets
    FREEZE = "freeze"
    WRITE = "write"  # message templates


_NEEDED = {
    Action.VIEW: "deployments.view_deployment",
    Action.REQUEST: "deployments.add_deployment",
    Action.STEER: "deployments.change_deployment",
    Action.APPROVE: "deployments.approve_deployment",
    Action.ROLL_BACK: "deployments.roll_back_deployment",
    Action.OVERRIDE: "deployments.override_gate",
    Action.RELEASE: "deployments.add_release",
    Action.CONFIGURE: "deployments.change_target",
    Action.FREEZE: "deployments.change_freezewindow",
    Action.WRITE: "deployments.change_messagetemplate",
}
_SERVING = {Action.REQUEST, Action.STEER, Action.OVERRIDE, Action.CONFIGURE}  # what users get depends on these


def needed(action: Action, *, protected: bool = False) -> tuple[str, ...]:
    """Permission names, all of which are needed. Rolling back never asks for more than the right to do so."""
    if protected and action in _SERVING:
        return (_NEEDED[action], "deployments.deploy_protected")
    return (_NEEDED[action],)
