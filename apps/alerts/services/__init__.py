"""What others do with alerting. One name per deed; the modules beside this one are private to the app."""

from apps.alerts.responses.kinds import CannotUndo
from apps.alerts.services.acknowledging import (
    AlertOver,
    LinkInvalid,
    acknowledge,
    acknowledge_incident,
    read_acknowledge_token,
)
from apps.alerts.services.announcing import InvalidMaintenance, announce_maintenance
from apps.alerts.services.channels import (
    InvalidChannel,
    create_channel,
    rotate_channel_secret,
    signing_secrets,
    update_channel,
)
from apps.alerts.services.delivering import deliver, deliver_due, test_channel
from apps.alerts.services.hastening import hasten
from apps.alerts.services.hearing import hear_deployments
from apps.alerts.services.incidents import (
    IncidentOver,
    InvalidIncident,
    attach_alert,
    detach_alert,
    open_incident,
    post_update,
    update_incident,
)
from apps.alerts.services.judging import judge, judge_due
from apps.alerts.services.responding import respond, respond_due
from apps.alerts.services.retention import keep_house
from apps.alerts.services.routes import InvalidRoute, create_route, delete_route, update_route
from apps.alerts.services.rules import InvalidRule, RuleExists, create_rule, delete_rule, read_rule, update_rule
from apps.alerts.services.silences import InvalidSilence, create_silence, end_silence, preview_silence
from apps.alerts.services.starter import NoSuchService, install_rollback_rules, install_starter_rules
from apps.alerts.services.status import (
    ComponentExists,
    InvalidStatus,
    StatusPageExists,
    create_component,
    create_status_page,
    delete_component,
    move_component,
    set_component_state,
    update_component,
    update_status_page,
)
from apps.alerts.services.testing import (
    NO_LABELS,
    InvalidTest,
    deliver_test,
    explain_deletion,
    explain_telling,
    test_rule,
)
from apps.alerts.services.undoing import undo_response
from apps.alerts.services.vouching import vouch

__all__ = [
    "NO_LABELS",
    "AlertOver",
    "CannotUndo",
    "ComponentExists",
    "IncidentOver",
    "InvalidChannel",
    "InvalidIncident",
    "InvalidMaintenance",
    "InvalidRoute",
    "InvalidRule",
    "InvalidSilence",
    "InvalidStatus",
    "InvalidTest",
    "LinkInvalid",
    "NoSuchService",
    "RuleExists",
    "StatusPageExists",
    "acknowledge",
    "acknowledge_incident",
    "announce_maintenance",
    "attach_alert",
    "create_channel",
    "create_component",
    "create_route",
    "create_rule",
    "create_silence",
    "create_status_page",
    "delete_component",
    "delete_route",
    "delete_rule",
    "deliver",
    "deliver_due",
    "deliver_test",
    "detach_alert",
    "end_silence",
    "explain_deletion",
    "explain_telling",
    "hasten",
    "hear_deployments",
    "install_rollback_rules",
    "install_starter_rules",
    "judge",
    "judge_due",
    "keep_house",
    "move_component",
    "open_incident",
    "post_update",
    "preview_silence",
    "read_acknowledge_token",
    "read_rule",
    "respond",
    "respond_due",
    "rotate_channel_secret",
    "set_component_state",
    "signing_secrets",
    "test_channel",
    "test_rule",
    "undo_response",
    "update_channel",
    "update_component",
    "update_incident",
    "update_route",
    "update_rule",
    "update_status_page",
    "vouch",
]
