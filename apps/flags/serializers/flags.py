"""Flags, their variants, and how often each was served."""

from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import Strict, Text, Versioned, YesNo
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.domain.engine.limits import MAX_VARIANTS
from apps.flags.domain.engine.text import is_storable
from apps.flags.models import Flag, FlagState
from apps.flags.selectors import definitions


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
    environment = serializers.CharField()
    hours = serializers.IntegerField(required=False, default=24, min_value=1, max_value=8_784)


class CountOut(serializers.Serializer[Any]):
    variant = serializers.CharField()
    count = serializers.IntegerField()


class UsageOut(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    total = serializers.IntegerField()
    variants = CountOut(many=True)
