"""Health checks: how one is asked for, how it stands, and what came of it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Reasoned, Strict, Text, Versioned, WholeNumber
from apps.monitoring.domain.checks.standing import State, words
from apps.monitoring.models import HealthCheck, HealthResult
from apps.monitoring.models.checks import MAX_PERIOD, MAX_THRESHOLD, MIN_PERIOD
from apps.monitoring.selectors.checks import standing_of, thresholds_of
from apps.monitoring.services.checks import MAX_SECRET

MADE = [kind for kind in HealthCheck.Kind.choices if kind[0] != HealthCheck.Kind.REPORTED]
CONFIG = _("What the kind needs: see the examples. Unknown fields are refused by name.")
SECRET = _("A password, for POSTGRES and REDIS; kept encrypted and never shown. Empty: none.")


class Config(serializers.DictField):
    def __init__(self, **options: Any) -> None:
        super().__init__(help_text=CONFIG, **options)


class Password(Text):
    def __init__(self) -> None:
        super().__init__(
            required=False, allow_blank=True, trim_whitespace=False, max_length=MAX_SECRET, help_text=SECRET
        )


class Period(WholeNumber):
    def __init__(self) -> None:
        super().__init__(required=False, min_value=MIN_PERIOD, max_value=MAX_PERIOD)


class Threshold(WholeNumber):
    def __init__(self) -> None:
        super().__init__(required=False, min_value=1, max_value=MAX_THRESHOLD, help_text=_("Results in a row."))


class CheckIn(Reasoned):
    key = Text(max_length=100)
    name = Text(max_length=150)
    kind = serializers.ChoiceField(MADE)
    config = Config()
    secret = Password()
    period_seconds = Period()
    failures = Threshold()
    recoveries = Threshold()


class CheckChange(Versioned):
    name = Text(required=False, max_length=150)
    config = Config(required=False)
    secret = Password()
    period_seconds = Period()
    failures = Threshold()
    recoveries = Threshold()


class CheckAction(Versioned):
    """`expected_version` is the check's."""


class CheckFilter(Strict):
    kind = serializers.ChoiceField(HealthCheck.Kind.choices, required=False)


class ResultFilter(Strict):
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class CheckOut(serializers.ModelSerializer[HealthCheck]):
    state = serializers.SerializerMethodField(help_text=_("FAILING: some failures in a row, too few to be down."))
    words = serializers.SerializerMethodField(help_text=_("The same for people."))
    config = serializers.DictField()
    has_secret = serializers.SerializerMethodField()

    class Meta:
        model = HealthCheck
        fields = [
            "key",
            "name",
            "kind",
            "config",
            "has_secret",
            "period_seconds",
            "failures",
            "recoveries",
            "state",
            "words",
            "last_ok",
            "last_reason",
            "last_latency_seconds",
            "last_at",
            "due_at",
            "ping_hint",
            "created_at",
            "version",
        ]

    def get_state(self, row: HealthCheck) -> State:
        return standing_of(row).state

    def get_words(self, row: HealthCheck) -> str:
        return words(standing_of(row), thresholds_of(row))

    def get_has_secret(self, row: HealthCheck) -> bool:
        return row.secret is not None


class MadeCheckOut(serializers.Serializer[Any]):
    check = CheckOut()
    ping_url = serializers.CharField(
        help_text=_("Of a heartbeat; empty for other kinds. Shown this once: PulseOps keeps only its digest.")
    )


class HealthResultOut(serializers.ModelSerializer[HealthResult]):
    class Meta:
        model = HealthResult
        fields = ["at", "ok", "reason", "detail", "latency_seconds"]


class HealthDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    up_seconds = serializers.FloatField()
    down_seconds = serializers.FloatField()
    unknown_seconds = serializers.FloatField(help_text=_("New, paused, or nobody looked."))
    share = serializers.FloatField(
        allow_null=True, help_text=_("Of the time that is known, how much it was up: 0 to 1.")
    )
