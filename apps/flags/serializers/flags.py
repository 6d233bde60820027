"""Flags, their variants, and how often each was served."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import Strict, Text, Versioned, YesNo
from apps.flags import selectors
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.domain.engine.limits import MAX_VARIANTS
from apps.flags.domain.engine.text import is_storable
from apps.flags.domain.staleness import StaleReason
from apps.flags.models import Flag, FlagState
from apps.flags.selectors import Interval, Usage, definitions


class VariantField(Strict):
    key = Text(max_length=100)
    value = serializers.JSONField(help_text=_("Of the flag's type."))


class VariantOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    value = serializers.JSONField()


class StaleOut(serializers.Serializer[Any]):
    code = serializers.ChoiceField([reason.value for reason in StaleReason], source="reason")
    words = serializers.CharField()


class BriefStateOut(serializers.ModelSerializer[FlagState]):
    """`at` in the serializer's context is the moment to judge staleness by."""

    environment = serializers.CharField(source="environment.key")
    last_served_at = serializers.SerializerMethodField(help_text=_("Null when it was never evaluated there."))
    stale = serializers.SerializerMethodField(help_text=_("Why the flag looks ready to go; empty when it does not."))

    class Meta:
        model = FlagState
        fields = ["environment", "status", "changed_at", "last_served_at", "stale", "version"]

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_last_served_at(self, state: FlagState) -> Any:
        return selectors.last_served_at(state)

    @extend_schema_field(StaleOut(many=True))
    def get_stale(self, state: FlagState) -> Any:
        return StaleOut(selectors.why_stale(state, at=self.context["at"]), many=True).data


class FlagOut(serializers.ModelSerializer[Flag]):
    """`environment` in the serializer's context narrows the states to one; `at` is now."""

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
            "purpose",
            "expected_end",
            "variants",
            "states",
            "created_at",
            "archived_at",
            "version",
        ]

    @extend_schema_field(VariantOut(many=True))
    def get_variants(self, flag: Flag) -> Any:
        return VariantOut(definitions.variants(flag), many=True).data

    @extend_schema_field(BriefStateOut(many=True))
    def get_states(self, flag: Flag) -> Any:
        only = self.context.get("environment")
        states = [state for state in flag.states.all() if only in (None, state.environment.key)]
        return BriefStateOut(states, many=True, context=self.context).data


class FlagFilter(Strict):
    search = serializers.CharField(required=False, allow_blank=True, help_text=_("In key, name and description."))
    tag = serializers.CharField(required=False, allow_blank=True)
    environment = serializers.CharField(required=False, help_text=_("Shows the states of this environment alone."))
    status = serializers.ChoiceField(FlagState.Status.choices, required=False, help_text=_("In `environment`."))

    stale = serializers.BooleanField(
        required=False, default=False, help_text=_("Only stale flags: in `environment` where given, else in any.")
    )
    archived = serializers.BooleanField(required=False, default=False, help_text=_("Archived flags instead."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "status" in attrs and "environment" not in attrs:
            raise serializers.ValidationError({"environment": _("Say in which environment the status is meant.")})
        return attrs


class Owner(serializers.SlugRelatedField[Any]):
    """A person by login name; what no name can be is not looked for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="username", queryset=get_user_model().objects.all(), **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not is_storable(data):
            self.fail("does_not_exist", slug_name=self.slug_field, value=repr(data))
        return super().to_internal_value(data)


class FlagChange(Versioned):
    name = Text(required=False, max_length=150)
    description = Text(required=False, allow_blank=True, max_length=2_000)
    tags = serializers.ListField(child=Text(max_length=50), required=False, max_length=20)
    owner = Owner(required=False, allow_null=True)
    client_exposed = YesNo(required=False)
    purpose = serializers.ChoiceField(Flag.Purpose.choices, required=False)
    expected_end = serializers.DateField(
        required=False, allow_null=True, help_text=_("The day by which its code should be gone.")
    )
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


class UsageFilter(Strict):
    environment = serializers.CharField(required=False, help_text=_("Every environment unless given."))
    interval = serializers.ChoiceField(
        [one.value for one in Interval], required=False, help_text=_("Asks for `series`: by the hour or by the day.")
    )
    hours = serializers.IntegerField(required=False, default=24, min_value=1, max_value=8_784)


class CountOut(serializers.Serializer[Any]):
    variant = serializers.CharField()
    count = serializers.IntegerField()


class EnvironmentCountOut(serializers.Serializer[Any]):
    environment = serializers.CharField()
    count = serializers.IntegerField()


class StretchOut(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    variants = CountOut(many=True)


class UsageOut(serializers.Serializer[Usage]):
    """`series` in the serializer's context says whether they are asked for."""

    since = serializers.SerializerMethodField(help_text=_("Whole hours, or whole days with that interval."))
    total = serializers.IntegerField()
    variants = serializers.SerializerMethodField()
    environments = serializers.SerializerMethodField()
    series = serializers.SerializerMethodField(
        help_text=_("Oldest first, the last one still runs; those without evaluations are empty.")
    )

    @extend_schema_field(serializers.DateTimeField())
    def get_since(self, usage: Usage) -> Any:
        return usage.starts[0]

    @extend_schema_field(CountOut(many=True))
    def get_variants(self, usage: Usage) -> Any:
        return _counts(usage.by_variant())

    @extend_schema_field(EnvironmentCountOut(many=True))
    def get_environments(self, usage: Usage) -> Any:
        return [{"environment": key, "count": count} for key, count in usage.by_environment().items()]

    @extend_schema_field(StretchOut(many=True))
    def get_series(self, usage: Usage) -> Any:
        stretches = usage.by_start() if self.context["series"] else ()
        return [{"start": start, "variants": _counts(counts)} for start, counts in stretches]


def _counts(by_variant: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"variant": variant, "count": count} for variant, count in by_variant.items()]
