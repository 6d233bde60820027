"""What the REST API of the flags reads and writes. Definitions are judged by the engine, not here."""

from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import Reasoned, Strict, Text, Versioned, WholeNumber, YesNo
from apps.flags.domain.engine.definitions import FlagStatus, FlagType, Rule
from apps.flags.domain.engine.limits import MAX_VARIANTS
from apps.flags.domain.engine.outcome import ErrorCode, Reason
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.models import Flag, FlagState, Segment
from apps.flags.selectors import definitions

ON_OR_OFF = [choice for choice in FlagState.Status.choices if choice[0] != FlagState.Status.KILLED]
RULES = _("A list of {id, when, serve}, tried in order; docs/api.md shows every form. Weights are out of 100,000.")
CONTEXT = _("The user: `targetingKey`, `groups` and any attributes.")


class VariantField(Strict):
    key = Text(max_length=100)
    value = serializers.JSONField(help_text=_("Of the flag's type."))


class VariantOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    value = serializers.JSONField()


class BriefStateOut(serializers.ModelSerializer[FlagState]):
    environment = serializers.CharField(source="environment.key")

    class Meta:
        model = FlagState
        fields = ["environment", "status", "changed_at", "version"]


class FlagOut(serializers.ModelSerializer[Flag]):
    """`environment` in the serializer's context narrows the states to one."""

    owner = serializers.CharField(source="owner.username", default=None, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    variants = serializers.SerializerMethodField()
    states = serializers.SerializerMethodField()

    class Meta:
        model = Flag
        fields = [
            "key",
            "name",
            "description",
            "type",
            "tags",
            "owner",
            "client_exposed",
            "variants",
            "states",
            "created_at",
            "version",
        ]

    @extend_schema_field(VariantOut(many=True))
    def get_variants(self, flag: Flag) -> Any:
        return VariantOut(definitions.variants(flag), many=True).data

    @extend_schema_field(BriefStateOut(many=True))
    def get_states(self, flag: Flag) -> Any:
        only = self.context.get("environment")
        states = [state for state in flag.states.all() if only in (None, state.environment.key)]
        return BriefStateOut(states, many=True).data


class FlagFilter(Strict):
    search = serializers.CharField(required=False, allow_blank=True, help_text=_("In key, name and description."))
    tag = serializers.CharField(required=False, allow_blank=True)
    environment = serializers.CharField(required=False, help_text=_("Shows the states of this environment alone."))
    status = serializers.ChoiceField(FlagState.Status.choices, required=False, help_text=_("In `environment`."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "status" in attrs and "environment" not in attrs:
            raise serializers.ValidationError({"environment": _("Say in which environment the status is meant.")})
        return attrs


class FlagChange(Versioned):
    name = Text(required=False, max_length=150)
    description = Text(required=False, allow_blank=True, max_length=2_000)
    tags = serializers.ListField(child=Text(max_length=50), required=False, max_length=20)
    owner = serializers.SlugRelatedField(
        slug_field="username", queryset=get_user_model().objects.all(), required=False, allow_null=True
    )
    client_exposed = YesNo(required=False)
    variants = serializers.ListField(child=VariantField(), required=False, max_length=MAX_VARIANTS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """In the words of the services."""
        if "owner" in attrs:
            owner = attrs.pop("owner")
            attrs["owner_id"] = owner and owner.pk
        if "variants" in attrs:
            attrs["variants"] = [(variant["key"], variant["value"]) for variant in attrs["variants"]]
        return attrs


class FlagIn(FlagChange):
    expected_version = None  # type: ignore[assignment]
    key = Text(max_length=100)
    name = Text(max_length=150)
    type = serializers.ChoiceField(Flag.Type.choices)
    default_variant = Text(required=False, max_length=100, help_text=_("The first variant unless given."))
    off_variant = Text(required=False, max_length=100, help_text=_("The last variant unless given."))

    def validate_type(self, value: str) -> FlagType:
        return FlagType(value)


class LockOut(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]
        help_text=_("The environment variable.")
    )
    variant = serializers.CharField()
    value = serializers.JSONField()


class FlagStateOut(serializers.ModelSerializer[FlagState]):
    flag = serializers.CharField(source="flag.key")
    environment = serializers.CharField(source="environment.key")
    protected = serializers.BooleanField(source="environment.protected")
    rules = serializers.ListField(child=serializers.DictField(), help_text=RULES)
    locked = serializers.SerializerMethodField(help_text=_("Set by the process environment: wins over all but a kill."))

    class Meta:
        model = FlagState
        fields = [
            "flag",
            "environment",
            "protected",
            "status",
            "rules",
            "default_variant",
            "off_variant",
            "locked",
            "changed_at",
            "version",
        ]

    @extend_schema_field(LockOut(allow_null=True))
    def get_locked(self, state: FlagState) -> Any:
        override = definitions.override(state.flag)
        return LockOut(override).data if override else None


class StatusField(serializers.ChoiceField):
    """`ON` or `OFF`, as the domain's status."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ON_OR_OFF, **kwargs)

    def to_internal_value(self, data: Any) -> FlagStatus:
        return FlagStatus(super().to_internal_value(data).lower())


class StateChange(Versioned):
    status = StatusField(required=False)
    rules = serializers.ListField(child=serializers.DictField(), required=False, help_text=RULES)
    default_variant = Text(required=False, max_length=100)
    off_variant = Text(required=False, max_length=100)

    def validate_rules(self, value: list[Any]) -> tuple[Rule, ...]:
        return parse_rules(value)


class LiftKill(Versioned):
    status = StatusField()


class Revert(Versioned):
    to_version = WholeNumber(min_value=1, max_value=2_147_483_647)


class VersionOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    actor = serializers.CharField()
    kind = serializers.CharField()
    reason = serializers.CharField()
    definition = serializers.DictField()
    changes = serializers.DictField(help_text=_("Field name to [before, after]."))


class Explain(Strict):
    context = serializers.DictField(help_text=CONTEXT)  # type: ignore[assignment]


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
    check = serializers.JSONField(allow_null=True, help_text=_("Every condition with the value it met."))
    placement = PlacementOut(allow_null=True)


class ExplanationOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    cause = serializers.CharField()
    reason = serializers.ChoiceField([reason.value for reason in Reason])
    variant = serializers.CharField(allow_null=True)
    value = serializers.JSONField(allow_null=True)
    sentence = serializers.CharField(help_text=_("The same in one English sentence."))
    rules = RuleCheckOut(many=True)
    error_code = serializers.ChoiceField([code.value for code in ErrorCode], allow_null=True)
    error_details = serializers.CharField(allow_null=True)


class UsageFilter(Strict):
    environment = serializers.CharField()
    hours = serializers.IntegerField(required=False, default=24, min_value=1, max_value=8_784)


class CountOut(serializers.Serializer[Any]):
    variant = serializers.CharField()
    count = serializers.IntegerField()


class UsageOut(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    total = serializers.IntegerField()
    variants = CountOut(many=True)


class SegmentOut(serializers.ModelSerializer[Segment]):
    class Meta:
        model = Segment
        fields = ["key", "name", "description", "created_at", "version"]


class SegmentIn(Reasoned):
    key = Text(max_length=100)
    name = Text(max_length=100)
    description = Text(required=False, allow_blank=True, max_length=2_000)


class SegmentChange(Versioned):
    name = Text(required=False, max_length=100)
    description = Text(required=False, allow_blank=True, max_length=2_000)


class Members(Versioned):
    targeting_keys = serializers.ListField(child=Text(allow_blank=True), help_text=_("Exactly these become members."))


class MembersOut(serializers.Serializer[Any]):
    targeting_keys = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField(help_text=_("Of the segment."))


class Evaluate(Strict):
    flag = Text(required=False, max_length=100, help_text=_("One flag; without it, all that the key may see."))
    context = serializers.DictField(  # type: ignore[assignment]
        required=False, allow_null=True, default=None, help_text=CONTEXT
    )


class EvaluationOut(serializers.Serializer[Any]):
    """Either a value or an error, never both."""

    key = serializers.CharField()
    value = serializers.JSONField(required=False)
    variant = serializers.CharField(required=False)
    reason = serializers.ChoiceField([reason.value for reason in Reason], required=False)
    metadata = serializers.DictField(required=False)
    errorCode = serializers.ChoiceField([code.value for code in ErrorCode], required=False)
    errorDetails = serializers.CharField(required=False)


class EvaluationsOut(serializers.Serializer[Any]):
    flags = EvaluationOut(many=True)
