"""What others do with alerting. One name per deed; the modules beside this one are private to the app."""

from apps.alerts.services.acknowledging import AlertOver, LinkInvalid, acknowledge, read_acknowledge_token
from apps.alerts.services.channels import (
    InvalidChannel,
    create_channel,
    rotate_channel_secret,
    signing_secrets,
    update_channel,
)
from apps.alerts.services.delivering import deliver, deliver_due, test_channel
from apps.alerts.services.judging import judge, judge_due
from apps.alerts.services.responding import respond, respond_due
from apps.alerts.services.routes import InvalidRoute, create_route, delete_route, update_route
from apps.alerts.services.rules import InvalidRule, RuleExists, create_rule, read_rule, update_rule
from apps.alerts.services.silences import InvalidSilence, create_silence, end_silence, preview_silence
from apps.alerts.services.starter import install_starter_rules
from apps.alerts.services.testing import (
    NO_LABELS,
    InvalidTest,
    deliver_test,
    explain_deletion,
    explain_telling,
    test_rule,
)

__all__ = [
    "NO_LABELS",
    "AlertOver",
    "InvalidChannel",
    "InvalidRoute",
    "InvalidRule",
    "InvalidSilence",
    "InvalidTest",
    "LinkInvalid",
    "RuleExists",
    "acknowledge",
    "create_channel",
    "create_route",
    "create_rule",
    "create_silence",
    "delete_route",
    "deliver",
    "deliver_due",
    "deliver_test",
    "end_silence",
    "explain_deletion",
    "explain_telling",
    "install_starter_rules",
    "judge",
    "judge_due",
    "preview_silence",
    "read_acknowledge_token",
    "read_rule",
    "respond",
    "respond_due",
    "rotate_channel_secret",
    "signing_secrets",
    "test_channel",
    "test_rule",
    "update_channel",
    "update_route",
    "update_rule",
]
