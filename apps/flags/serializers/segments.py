"""Segments and their members."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Reasoned, Text, Versioned
from apps.flags.domain.members import Mode
from apps.flags.models import Segment

RULE = _("A condition, as in a flag's rules: whoever it holds for belongs to the segment too. null adds nobody.")


class SegmentOut(serializers.ModelSerializer[Segment]):
    rule = serializers.DictField(allow_null=True, help_text=RULE)

    class Meta:
        model = Segment
        fields = ["key", "name", "description", "rule", "created_at", "version"]


class SegmentIn(Reasoned):
    key = Text(max_length=100)
    name = Text(max_length=100)
    description = Text(required=False, allow_blank=True, max_length=2_000)
    rule = serializers.DictField(required=False, allow_null=True, help_text=RULE)


class SegmentChange(Versioned):
    name = Text(required=False, max_length=100)
    description = Text(required=False, allow_blank=True, max_length=2_000)
    rule = serializers.DictField(required=False, allow_null=True, help_text=RULE)


class Members(Versioned):
    targeting_keys = serializers.ListField(child=Text(allow_blank=True), help_text=_("Exactly these become members."))


class MembersOut(serializers.Serializer[Any]):
    targeting_keys = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField(help_text=_("Of the segment."))


class MembersImport(Reasoned):
    """The query of an import; the body is the file."""

    mode = serializers.ChoiceField([mode.value for mode in Mode], help_text=_("What the file does to the members."))
    expected_version = serializers.IntegerField(
        required=False, default=None, min_value=1, help_text=_("Of the segment.")
    )


class MembersCount(serializers.Serializer[Any]):
    members = serializers.IntegerField(help_text=_("In this environment, after the import."))
    version = serializers.IntegerField(help_text=_("Of the segment."))
