"""What people type about flags, read and checked. Judging a flag as a whole stays with the services."""

from apps.flags.forms.flags import EditFlagForm, NewFlagForm, Variants
from apps.flags.forms.preview import PreviewForm
from apps.flags.forms.rollout import RolloutForm
from apps.flags.forms.rules import RulesForm, SegmentRuleForm
from apps.flags.forms.segments import EditSegmentForm, ImportForm, MembersForm, NewSegmentForm
from apps.flags.forms.states import KillForm, LiftKillForm, ReasonForm, ToggleForm

__all__ = [
    "EditFlagForm",
    "EditSegmentForm",
    "ImportForm",
    "KillForm",
    "LiftKillForm",
    "MembersForm",
    "NewFlagForm",
    "NewSegmentForm",
    "PreviewForm",
    "ReasonForm",
    "RolloutForm",
    "RulesForm",
    "SegmentRuleForm",
    "ToggleForm",
    "Variants",
]
