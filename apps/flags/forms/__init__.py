"""What people type about flags, read and checked. Judging a flag as a whole stays with the services."""

from apps.flags.forms.flags import EditFlagForm, NewFlagForm, Variants
from apps.flags.forms.plans import PlanForm, Stages
from apps.flags.forms.preview import ExplainForm, PreviewForm
from apps.flags.forms.requests import CommentForm
from apps.flags.forms.rollout import RolloutForm
from apps.flags.forms.rules import RulesForm, SegmentRuleForm
from apps.flags.forms.segments import EditSegmentForm, ImportForm, MembersForm, NewSegmentForm
from apps.flags.forms.states import KillForm, LiftKillForm, ReasonForm, ReviewForm, ToggleForm
from apps.flags.forms.targets import Overrides, Prerequisites, QuickOverrideForm

__all__ = [
    "CommentForm",
    "EditFlagForm",
    "EditSegmentForm",
    "ExplainForm",
    "ImportForm",
    "KillForm",
    "LiftKillForm",
    "MembersForm",
    "NewFlagForm",
    "NewSegmentForm",
    "Overrides",
    "PlanForm",
    "Prerequisites",
    "PreviewForm",
    "QuickOverrideForm",
    "ReasonForm",
    "ReviewForm",
    "RolloutForm",
    "RulesForm",
    "SegmentRuleForm",
    "Stages",
    "ToggleForm",
    "Variants",
]
