"""The shapes of what people are told about deployments."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict, Text, WholeNumber
from apps.deployments.models import MessageTemplate


class MessageTemplateOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(MessageTemplate.Kind.choices)
    subject = serializers.CharField()
    body = serializers.CharField()
    own = serializers.BooleanField(help_text=_("Of this project; else the usual words."))
    version = serializers.IntegerField(help_text=_("0: the usual words."))


class MessageWords(Strict):
    subject = Text(max_length=200)
    body = Text(max_length=4_000)


class MessageTemplateIn(MessageWords):
    expected_version = WholeNumber(
        required=False, allow_null=True, default=None, min_value=0, help_text=_("The `version` you read.")
    )


class MessagePreview(serializers.Serializer[Any]):
    subject = serializers.CharField()
    body = serializers.CharField()
