"""Asking for values."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict, Text
from apps.flags.domain.engine.outcome import ErrorCode, Reason
from apps.flags.serializers.explanations import CONTEXT


class Evaluate(Strict):
    flag = Text(required=False, max_length=100, help_text=_("One flag; without it, all that the key may see."))
    context = serializers.DictField(  # type: ignore[assignment]
        required=False, allow_null=True, default=None, help_text=CONTEXT
    )


class EvaluationOut(serializers.Serializer[Any]):
    """Either a value or an error, never both."""

    key = serializers.CharField()
    value = serializers.JSONField(required=False)
    variant = serializers.CharField(required=False)
    reason = serializers.ChoiceField([reason.value for reason in Reason], required=False)
    metadata = serializers.DictField(required=False)
    errorCode = serializers.ChoiceField([code.value for code in ErrorCode], required=False)
    errorDetails = serializers.CharField(required=False)


class EvaluationsOut(serializers.Serializer[Any]):
    flags = EvaluationOut(many=True)
