"""Strict building blocks of every request body, and what the floor's API reads and writes. No queries, no rules."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.holds import judged
from apps.core.models import ApiKey, AuditEntry, Environment, Hold, Project
from apps.core.models.projects import MOST_APPROVALS


class Text(serializers.CharField):
    """Only a JSON string; a number is not turned into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """Only a JSON integer; neither "5" nor true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNo(serializers.BooleanField):
    """Only true or false."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Strict(serializers.Serializer[Any]):
    """Refuses, by name, every field that it does not know: a misspelled one must not be ignored."""

    def to_internal_value(self, data: Any) -> Any:
        names = data.keys() if isinstance(data, Mapping) else ()
        unknown = {name: [_("There is no such field here.")] for name in names if name not in self.fields}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            given = error.detail if isinstance(error.detail, dict) else {}
            raise serializers.ValidationError({**given, **unknown}) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


class Reasoned(Strict):
    """A change says why; protected environments insist."""

    reason = Text(required=False, allow_blank=True, default="", max_length=1_000)


class Versioned(Reasoned):
    """A change to something people edit. Without `expected_version` the last write wins."""

    expected_version = WholeNumber(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        help_text=_("The `version` you read. The change is refused with 409 when somebody was faster."),
    )


class ProjectOut(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["key", "name", "description", "created_at", "version"]


class ProjectIn(Reasoned):
    key = Text(max_length=50)
    name = Text(max_length=100)
    description = Text(required=False, allow_blank=True, max_length=2_000)


class ProjectChange(Versioned):
    name = Text(required=False, max_length=100)
    description = Text(required=False, allow_blank=True, max_length=2_000)


class Approvals(WholeNumber):
    def __init__(self) -> None:
        words = _("How many others have to approve a change first. Counts only while protected.")
        super().__init__(required=False, min_value=0, max_value=MOST_APPROVALS, help_text=words)


class EnvironmentOut(serializers.ModelSerializer[Environment]):
    class Meta:
        model = Environment
        fields = ["key", "name", "kind", "protected", "required_approvals", "position", "created_at", "version"]


class EnvironmentIn(Reasoned):
    key = Text(max_length=50)
    name = Text(max_length=100)
    kind = serializers.ChoiceField(Environment.Kind.choices)
    protected = YesNo(required=False)
    required_approvals = Approvals()
    position = WholeNumber(required=False, min_value=0, max_value=32_767)


class EnvironmentChange(Versioned):
    name = Text(required=False, max_length=100)
    kind = serializers.ChoiceField(Environment.Kind.choices, required=False)
    protected = YesNo(required=False)
    required_approvals = Approvals()
    position = WholeNumber(required=False, min_value=0, max_value=32_767)


class KeyOut(serializers.ModelSerializer[ApiKey]):
    environment = serializers.CharField(source="environment.key", default=None, allow_null=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(ApiKey.Scope.choices))
    publishable_token = serializers.CharField(help_text=_("Client keys stay readable; empty for every other kind."))
    replaces = serializers.IntegerField(source="replaces_id", allow_null=True)

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "kind",
            "name",
            "environment",
            "scopes",
            "hint",
            "publishable_token",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
            "replaces",
        ]


class IssuedKeyOut(serializers.Serializer[Any]):
    token = serializers.CharField(help_text=_("Shown this once. Keep it: PulseOps stores only its digest."))
    key = KeyOut()


class KeyIn(Reasoned):
    kind = serializers.ChoiceField(ApiKey.Kind.choices)
    name = Text(max_length=100)
    environment = Text(
        required=False, allow_null=True, default=None, help_text=_("Required for every kind but MANAGEMENT.")
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(ApiKey.Scope.choices), required=False, allow_empty=False, max_length=2
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class HoldIn(Reasoned):
    verdict = serializers.ChoiceField(Hold.Verdict.choices)
    valid_seconds = WholeNumber(min_value=1, max_value=86_400, help_text=_("Say it again before they are over."))


class HoldOut(serializers.ModelSerializer[Hold]):
    """`at` in the serializer's context is the moment of the question."""

    green = serializers.SerializerMethodField(help_text=_("Whether it lets things go on: green and not expired."))
    words = serializers.SerializerMethodField(help_text=_("The same for people."))

    class Meta:
        model = Hold
        fields = ["guard", "verdict", "reason", "valid_until", "changed_at", "green", "words"]

    def get_green(self, hold: Hold) -> bool:
        return judged(hold.guard, hold, self.context["at"]).green

    def get_words(self, hold: Hold) -> str:
        return judged(hold.guard, hold, self.context["at"]).words


class ActorOut(serializers.Serializer[AuditEntry]):
    kind = serializers.ChoiceField(AuditEntry.ActorKind.choices, source="actor_kind")
    id = serializers.IntegerField(source="actor_id", allow_null=True)
    label = serializers.CharField(source="actor_label")  # type: ignore[assignment]


class AuditEntryOut(serializers.ModelSerializer[AuditEntry]):
    project = serializers.CharField(source="project.key", default=None, allow_null=True)
    environment = serializers.CharField(source="environment.key", default=None, allow_null=True)
    actor = ActorOut(source="*")
    changes = serializers.DictField(help_text=_("Field name to [before, after]."))

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "at",
            "kind",
            "project",
            "environment",
            "subject_type",
            "subject_id",
            "subject_label",
            "actor",
            "reason",
            "changes",
            "request_id",
        ]


class AuditFilter(Strict):
    kind = serializers.CharField(required=False, help_text=_("For example flags.killed."))
    subject_type = serializers.CharField(required=False, help_text=_("For example flags.flagstate."))
    subject = serializers.CharField(required=False, help_text=_("The object's id or label."))
    environment = serializers.CharField(required=False, help_text=_("The environment's key."))
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
