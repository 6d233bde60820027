"""Changes of a state at a set time."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict, Text
from apps.flags.models import ScheduledChange
from apps.flags.serializers.requests import AuthorOut
from apps.flags.serializers.states import StateChange


class ScheduledChangeOut(serializers.ModelSerializer[ScheduledChange]):
    flag = serializers.CharField(source="state.flag.key")
    environment = serializers.CharField(source="state.environment.key")
    patch = serializers.DictField(help_text=_("What changes, as PATCH of the state takes it."))
    author = AuthorOut(source="*")
    note = serializers.CharField(help_text=_("What came of it, where that needs a word: why it is a conflict."))

    class Meta:
        model = ScheduledChange
        fields = [
            "id",
            "flag",
            "environment",
            "apply_at",
            "patch",
            "base_version",
            "status",
            "reason",
            "author",
            "applied_at",
            "note",
            "created_at",
            "version",
        ]


class ScheduleIn(StateChange):
    """`expected_version` is the state's."""

    flag = Text(max_length=100)
    environment = Text(max_length=50)
    apply_at = serializers.DateTimeField(help_text=_("With an offset, or in UTC."))


class ScheduleFilter(Strict):
    flag = serializers.CharField(required=False, help_text=_("The flag's key."))
    environment = serializers.CharField(required=False, help_text=_("The environment's key."))
    status = serializers.ChoiceField(ScheduledChange.Status.choices, required=False)
