"""Which permissions an action on a flag needs. Pages and the API both ask here."""

from enum import StrEnum


class Action(StrEnum):
    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"  # what is the same in every environment: name, variants, exposure; protected when one of them is
    CHANGE_STATE = "change state"
    KILL = "kill"  # and lift a kill
    EDIT_SEGMENT = "edit segment"  # its name
    SET_RULE = "set rule"  # of a segment, in every environment; protected when one of them is
    SET_MEMBERS = "set members"  # in one environment


_NEEDED = {
    Action.VIEW: "flags.view_flag",
    Action.CREATE: "flags.add_flag",
    Action.EDIT: "flags.change_flag",
    Action.CHANGE_STATE: "flags.change_flagstate",
    Action.KILL: "flags.kill_flag",
    Action.EDIT_SEGMENT: "flags.change_segment",
    Action.SET_RULE: "flags.change_segment",
    Action.SET_MEMBERS: "flags.change_segment",
}


_SERVING = {Action.EDIT, Action.CHANGE_STATE, Action.SET_RULE, Action.SET_MEMBERS}  # what users get depends on these


def needed(action: Action, *, protected: bool = False) -> tuple[str, ...]:
    """Permission names, all of which are needed. A kill never asks for more than the right to kill."""
    if protected and action in _SERVING:
        return (_NEEDED[action], "flags.change_protected")
    return (_NEEDED[action],)
