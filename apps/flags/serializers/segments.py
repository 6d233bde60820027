"""Segments and their members."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Reasoned, Text, Versioned
from apps.flags.models import Segment


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
