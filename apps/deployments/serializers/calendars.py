"""The shapes of freeze windows and of the deploy calendar."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict, Text
from apps.deployments.domain.calendar import Verdict
from apps.deployments.models import FreezeWindow

VERDICTS = [(verdict.value, verdict.name) for verdict in Verdict]


class FreezeOut(serializers.ModelSerializer[FreezeWindow]):
    id = serializers.IntegerField(source="pk", allow_null=True, help_text=_("Null: it was taken back before it began."))
    environment = serializers.CharField(
        source="environment.key", default=None, allow_null=True, help_text=_("Null: all of the project.")
    )

    class Meta:
        model = FreezeWindow
        fields = [
            "id",
            "environment",
            "name",
            "reason",
            "starts_at",
            "ends_at",
            "created_at",
            "author_label",
            "version",
        ]


class FreezeIn(Strict):
    environment = Text(required=False, allow_null=True, default=None, help_text=_("Null: all of the project."))
    name = Text(max_length=100)
    reason = Text(max_length=1_000)
    starts_at = serializers.DateTimeField(required=False, help_text=_("Now unless given."))
    ends_at = serializers.DateTimeField()


class FreezeFilter(Strict):
    environment = serializers.CharField(required=False, help_text=_("With those of the whole project."))
    over = serializers.BooleanField(required=False, help_text=_("Only those that have ended, or only the others."))


class CalendarFilter(Strict):
    service = serializers.CharField(required=False, help_text=_("Its windows; without it the usual ones."))


class CalendarStretchOut(serializers.Serializer[Any]):
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField(help_text=_("Not included."))
    verdict = serializers.ChoiceField(VERDICTS)
    why = serializers.CharField(help_text=_("Empty where nothing is to be said."))


class CalendarDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    stretches = CalendarStretchOut(many=True)


class CalendarOut(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(VERDICTS, source="now.verdict")
    may_start = serializers.BooleanField(source="now.verdict.may_start")
    reason = serializers.CharField(source="now.reason")
    opens_at = serializers.DateTimeField(
        source="now.opens_at", allow_null=True, help_text=_("When one next may start; null: not in sight.")
    )
    closes_at = serializers.DateTimeField(source="now.closes_at", allow_null=True)
    zone = serializers.CharField(help_text=_("That the days are told in."))
    days = CalendarDayOut(many=True, help_text=_("Two weeks from today."))
