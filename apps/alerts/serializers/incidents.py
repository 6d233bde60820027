"""The shapes of incidents in the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts import selectors
from apps.alerts.models import Impact, Incident, IncidentStatus, IncidentUpdate, Severity
from apps.alerts.serializers.alerts import AlertOut, EnvironmentFilter
from apps.core.serializers import Reasoned, Text, Versioned, YesNo

COMPONENTS = _("Keys of status components of the environment.")
PUBLIC = _("Shown on the status page.")


class TimesOut(serializers.Serializer[Any]):
    """Seconds from when it opened; null: not yet."""

    acknowledge = serializers.SerializerMethodField()
    act = serializers.SerializerMethodField()
    recover = serializers.SerializerMethodField()

    def get_acknowledge(self, row: Incident) -> float | None:
        return _seconds(selectors.times_of(row).acknowledge)

    def get_act(self, row: Incident) -> float | None:
        return _seconds(selectors.times_of(row).act)

    def get_recover(self, row: Incident) -> float | None:
        return _seconds(selectors.times_of(row).recover)


def _seconds(length: Any) -> float | None:
    return None if length is None else length.total_seconds()


class IncidentOut(serializers.ModelSerializer[Incident]):
    environment = serializers.CharField(source="environment.key")
    severity = serializers.CharField()
    status = serializers.CharField()
    impact = serializers.CharField()
    owner = serializers.CharField(source="owner.username", allow_null=True, default=None)
    components = serializers.SlugRelatedField(slug_field="key", many=True, read_only=True)  # type: ignore[var-annotated]
    alert_count = serializers.IntegerField()
    open_alerts = serializers.IntegerField(source="open_count")
    acknowledged_by = serializers.CharField(allow_null=True)
    seconds_to = TimesOut(source="*")

    class Meta:
        model = Incident
        fields = [
            "id",
            "environment",
            "title",
            "severity",
            "status",
            "impact",
            "components",
            "public",
            "owner",
            "automatic",
            "opened_by_label",
            "opened_at",
            "acknowledged_at",
            "acknowledged_by",
            "acted_at",
            "resolved_at",
            "seconds_to",
            "alert_count",
            "open_alerts",
            "version",
        ]


class IncidentUpdateOut(serializers.ModelSerializer[IncidentUpdate]):
    status = serializers.CharField()
    impact = serializers.CharField()

    class Meta:
        model = IncidentUpdate
        fields = ["id", "status", "impact", "text", "public", "author_label", "at"]


class IncidentWhole(IncidentOut):
    """With what belongs to it."""

    alerts = AlertOut(many=True)
    updates = IncidentUpdateOut(many=True)

    class Meta(IncidentOut.Meta):
        fields = [*IncidentOut.Meta.fields, "alerts", "updates"]


class IncidentFilter(EnvironmentFilter):
    open = serializers.BooleanField(required=False, help_text=_("Only open ones, or only those that are over."))
    severity = serializers.ChoiceField(Severity.choices, required=False)
    status = serializers.ChoiceField(IncidentStatus.choices, required=False)
    public = serializers.BooleanField(required=False)


class IncidentIn(Reasoned):
    environment = Text()
    title = Text(max_length=200)
    severity = serializers.ChoiceField(Severity.choices)
    text = Text(required=False, allow_blank=True, max_length=5_000, help_text=_("The first update."))
    impact = serializers.ChoiceField(Impact.choices, required=False)
    public = YesNo(required=False, help_text=PUBLIC)
    components = serializers.ListField(child=Text(), required=False, help_text=COMPONENTS)


class IncidentChange(Versioned):
    title = Text(required=False, max_length=200)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    owner = Text(required=False, allow_null=True, help_text=_("A user name; null: nobody."))
    public = YesNo(required=False, help_text=PUBLIC)
    components = serializers.ListField(child=Text(), required=False, help_text=COMPONENTS)


class IncidentUpdateIn(Versioned):
    text = Text(max_length=5_000)
    status = serializers.ChoiceField(IncidentStatus.choices, required=False, help_text=_("RESOLVED ends it."))
    impact = serializers.ChoiceField(Impact.choices, required=False)
    public = YesNo(required=False, help_text=_("For the status page; otherwise a note for the team."))
    acted = YesNo(required=False, help_text=_("It tells of something that was done: the time to act ends."))


class AlertNamed(Reasoned):
    alert = serializers.IntegerField(min_value=1)


class MomentOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    source = serializers.CharField(help_text="incident, alert, flag, notice, update, note")  # type: ignore[assignment]
    actor = serializers.CharField(source="actor_label")
    did = serializers.CharField()
    subject = serializers.CharField(source="subject_label")
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    text = serializers.CharField()


class TimelineOut(serializers.Serializer[Any]):
    moments = MomentOut(many=True)
