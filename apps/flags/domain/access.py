"""Which permissions an action on a flag needs. Pages and the API both ask here."""

from enum import StrEnum


class Action(StrEnum):
    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"  # what is the same in every environment: name, variants, exposure; protected when one of them is
    ARCHIVE = "archive"  # and restore; protected as editing is
    CHANGE_STATE = "change state"
    KILL = "kill"  # and lift a kill
    ROLL_BACK = "roll back"  # a rollout plan, to what was served before it
    EDIT_SEGMENT = "edit segment"  # its name
    SET_RULE = "set rule"  # of a segment, in every environment; protected when one of them is
    SET_MEMBERS = "set members"  # in one environment
    APPROVE = "approve"  # or reject what others propose


_NEEDED = {
    Action.VIEW: "flags.view_flag",
    Action.CREATE: "flags.add_flag",
    Action.EDIT: "flags.change_flag",
    Action.ARCHIVE: "flags.change_flag",
    Action.CHANGE_STATE: "flags.change_flagstate",
    Action.KILL: "flags.kill_flag",
    Action.ROLL_BACK: "flags.kill_flag",
    Action.EDIT_SEGMENT: "flags.change_segment",
    Action.SET_RULE: "flags.change_segment",
    Action.SET_MEMBERS: "flags.change_segment",
    Action.APPROVE: "flags.approve_change",
}


# What users get depends on these.
_SERVING = {Action.EDIT, Action.ARCHIVE, Action.CHANGE_STATE, Action.SET_RULE, Action.SET_MEMBERS}


def needed(action: Action, *, protected: bool = False) -> tuple[str, ...]:
    """Permission names, all of which are needed. Killing and rolling back never ask for more than the right to kill."""
    if protected and action in _SERVING:
        return (_NEEDED[action], "flags.change_protected")
    return (_NEEDED[action],)
