"""Objects in a stated state, made through the services so that no test sees a row the product could not make."""

from tests.factories.alerts import make_rule, push
from tests.factories.approvals import LATER, ask_for_approvals, make_approver, make_request, make_schedule
from tests.factories.checks import make_check, make_heartbeat
from tests.factories.core import ACTOR, AT, PASSWORD, make_key, make_project, make_user
from tests.factories.delivery import make_alert, make_channel, make_delivery, make_route, make_silence
from tests.factories.everything import make_everything
from tests.factories.flags import make_flag, make_segment, split_rule, state_in
from tests.factories.incidents import make_incident
from tests.factories.rollouts import make_rollout, say
from tests.factories.status import make_component

__all__ = [
    "ACTOR",
    "AT",
    "LATER",
    "PASSWORD",
    "ask_for_approvals",
    "make_alert",
    "make_approver",
    "make_channel",
    "make_check",
    "make_component",
    "make_delivery",
    "make_everything",
    "make_flag",
    "make_heartbeat",
    "make_incident",
    "make_key",
    "make_project",
    "make_request",
    "make_rollout",
    "make_route",
    "make_rule",
    "make_schedule",
    "make_segment",
    "make_silence",
    "make_user",
    "push",
    "say",
    "split_rule",
    "state_in",
]
