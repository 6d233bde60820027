"""What a flag serves in one environment, and its versions."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import Text, Versioned, WholeNumber
from apps.flags.domain.engine.definitions import FlagStatus, Override, Prerequisite, Rule
from apps.flags.domain.engine.parsing import parse_overrides, parse_prerequisites, parse_rules
from apps.flags.models import FlagState
from apps.flags.selectors import definitions

ON_OR_OFF = [choice for choice in FlagState.Status.choices if choice[0] != FlagState.Status.KILLED]
RULES = _("A list of {id, when, serve}, tried in order; docs/api.md shows every form. Weights are out of 100,000.")

PREREQUISITES = _("Flags that have to serve one of these variants first: a list of {flag, variants}.")
OVERRIDES = _("What single users get: a list of {variant, targeting_keys, expires_at}.")


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
    prerequisites = serializers.ListField(child=serializers.DictField(), help_text=PREREQUISITES)
    overrides = serializers.ListField(child=serializers.DictField(), help_text=OVERRIDES)
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
            "prerequisites",
            "overrides",
            "locked",
            "changed_at",
            "version",
        ]

    @extend_schema_field(LockOut(allow_null=True))
    def get_locked(self, state: FlagState) -> Any:
        lock = definitions.lock(state.flag)
        return LockOut(lock).data if lock else None


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
    prerequisites = serializers.ListField(child=serializers.DictField(), required=False, help_text=PREREQUISITES)
    overrides = serializers.ListField(child=serializers.DictField(), required=False, help_text=OVERRIDES)

    def validate_prerequisites(self, value: list[Any]) -> tuple[Prerequisite, ...]:
        return parse_prerequisites(value)

    def validate_overrides(self, value: list[Any]) -> tuple[Override, ...]:
        return parse_overrides(value)

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
