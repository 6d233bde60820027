"""Why a flag answers what it answers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict
from apps.flags.domain.engine.outcome import ErrorCode, Reason
from apps.flags.serializers.states import LockOut

CONTEXT = _("The user: `targetingKey`, `groups` and any attributes.")


class Explain(Strict):
    context = serializers.DictField(help_text=CONTEXT)  # type: ignore[assignment]
    at = serializers.DateTimeField(
        required=False, allow_null=True, help_text=_("A past moment: flags, segments and members as they were then.")
    )


class ExplainedVersionOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    actor = serializers.CharField()
    kind = serializers.CharField()
    reason = serializers.CharField()


class ShareOut(serializers.Serializer[Any]):
    variant = serializers.CharField()
    first = serializers.IntegerField()
    end = serializers.IntegerField()


class PlacementOut(serializers.Serializer[Any]):
    unit = serializers.CharField()
    bucket = serializers.IntegerField(help_text=_("0 to 99,999."))
    shares = ShareOut(many=True)


class RuleCheckOut(serializers.Serializer[Any]):
    id = serializers.CharField(source="rule.id")
    matched = serializers.BooleanField()
    in_window = serializers.BooleanField(help_text=_("Whether the rule's time window was open."))
    check = serializers.JSONField(allow_null=True, help_text=_("Every condition with the value it met."))
    placement = PlacementOut(allow_null=True)


class PrerequisiteCheckOut(serializers.Serializer[Any]):
    flag = serializers.CharField()
    wanted = serializers.ListField(child=serializers.CharField())
    serves = serializers.CharField(allow_null=True, help_text=_("Null when that flag serves nothing."))
    met = serializers.BooleanField()
    sentence = serializers.CharField(allow_null=True, help_text=_("Why that flag serves it; null when there is none."))


class OverrideOut(serializers.Serializer[Any]):
    variant = serializers.CharField()
    targeting_keys = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)


class SegmentCheckOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    matched = serializers.BooleanField(help_text=_("Whether the user is in."))
    defined = serializers.BooleanField(help_text=_("A segment that is not has no members."))
    everyone = serializers.BooleanField(help_text=_("The segment that holds every user."))
    claimed = serializers.BooleanField(help_text=_("The context's `groups` name it."))
    member = serializers.BooleanField()
    rule = serializers.JSONField(allow_null=True, help_text=_("Its rule, checked; null when it has none."))


class ExplanationOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    cause = serializers.CharField()
    reason = serializers.ChoiceField([reason.value for reason in Reason])
    variant = serializers.CharField(allow_null=True)
    value = serializers.JSONField(allow_null=True)
    sentence = serializers.CharField(help_text=_("The same in one English sentence."))
    prerequisites = PrerequisiteCheckOut(many=True, help_text=_("Up to the first that is not met."))
    override = OverrideOut(allow_null=True, help_text=_("The one that decided."))
    rules = RuleCheckOut(many=True, help_text=_("Up to the one that decided."))
    rules_not_reached = serializers.ListField(child=serializers.CharField(), help_text=_("Ids of the rules after it."))
    segments = SegmentCheckOut(many=True, help_text=_("Those that the checks looked into, each once."))
    error_code = serializers.ChoiceField([code.value for code in ErrorCode], allow_null=True)
    error_details = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(help_text=_("The moment that was asked about."))
    version = ExplainedVersionOut(help_text=_("The version of the state that was in force."))
    archived = serializers.BooleanField(
        help_text=_("Whether the flag was archived at that moment: apps got `FLAG_NOT_FOUND`, not what is told here.")
    )
    lock_left_out = LockOut(
        allow_null=True,
        help_text=_("What an environment variable locks now. A past moment's explanation leaves it out."),
    )
