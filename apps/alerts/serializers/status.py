"""The shapes of status pages and their components in the API."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.alerts.models import Impact, StatusComponent, StatusPage
from apps.core.serializers import Reasoned, Text, Versioned, WholeNumber, YesNo


class StatusPageOut(serializers.ModelSerializer[StatusPage]):
    environment = serializers.CharField(source="environment.key")

    class Meta:
        model = StatusPage
        fields = ["environment", "slug", "title", "text", "published", "version"]


class StatusPageChange(Versioned):
    slug = Text(required=False, max_length=50)
    title = Text(required=False, max_length=100)
    text = Text(required=False, allow_blank=True, max_length=2_000)
    published = YesNo(required=False)


class StatusPageIn(Reasoned):
    environment = Text()
    slug = Text(max_length=50, help_text=_("It answers at /status/<slug>/."))
    title = Text(max_length=100)
    text = Text(required=False, allow_blank=True, max_length=2_000)
    published = YesNo(required=False)


class ComponentOut(serializers.ModelSerializer[StatusComponent]):
    class Meta:
        model = StatusComponent
        fields = ["key", "name", "description", "position", "checks", "state", "created_at", "version"]


class ComponentChange(Versioned):
    name = Text(required=False, max_length=100)
    description = Text(required=False, allow_blank=True, max_length=250)
    checks = serializers.ListField(child=Text(), required=False, help_text=_("Keys of health checks."))


class ComponentIn(Reasoned):
    key = Text(max_length=50)
    name = Text(max_length=100)
    description = Text(required=False, allow_blank=True, max_length=250)
    checks = serializers.ListField(child=Text(), required=False, help_text=_("Keys of health checks."))


class ComponentState(Versioned):
    state = serializers.ChoiceField(Impact.choices)


class ComponentMove(Versioned):
    position = WholeNumber(min_value=0, max_value=32_767, help_text=_("0 is the top."))
