"""Objects in a stated state, made through the services so that no test sees a row the product could not make."""

from tests.factories.core import ACTOR, AT, PASSWORD, make_key, make_project, make_user
from tests.factories.flags import make_flag, make_segment, split_rule, state_in
from tests.factories.rollouts import make_rollout, say

__all__ = [
    "ACTOR",
    "AT",
    "PASSWORD",
    "make_flag",
    "make_key",
    "make_project",
    "make_rollout",
    "make_segment",
    "make_user",
    "say",
    "split_rule",
    "state_in",
]
