"""The shapes of services, their releases, and where they run."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Reasoned, Strict, Text, Versioned, WholeNumber, YesNo
from apps.deployments.domain.plans import MAX_STEPS
from apps.deployments.models import Release, Service, Slot, Target
from apps.deployments.models.services import Strategy
from apps.deployments.serializers.fields import Document
from apps.deployments.services.catalogue import TARGET_FIELDS

CHECKLIST = _("Its items, as docs/api.md says; null: the usual ones.")
WINDOWS = _("When it may be deployed to, as docs/api.md says; null: the usual days.")
GATES = _("Which gates are asked for, by name, each with true or false.")
MATRIX = "matrix"  # an address of its own


class ServiceOut(serializers.ModelSerializer[Service]):
    checklist = serializers.ListField(child=serializers.DictField(), allow_null=True, help_text=CHECKLIST)

    class Meta:
        model = Service
        fields = ["key", "name", "description", "repository_url", "checklist", "created_at", "version"]


class ServiceFields(Strict):
    description = Text(required=False, allow_blank=True, max_length=2_000)
    repository_url = Text(required=False, allow_blank=True, max_length=200)
    checklist = serializers.ListField(child=Document(), required=False, allow_null=True, help_text=CHECKLIST)


class ServiceIn(ServiceFields, Reasoned):
    key = Text(max_length=50)
    name = Text(max_length=100)

    def validate_key(self, value: str) -> str:
        if value == MATRIX:
            raise serializers.ValidationError(_("is the address of the matrix; choose another key"))
        return value


class ServiceChange(ServiceFields, Versioned):
    name = Text(required=False, max_length=100)


class ReleaseOut(serializers.ModelSerializer[Release]):
    version = serializers.CharField(source="number")
    flags = serializers.ListField(child=serializers.CharField(), help_text=_("Keys of flags that it is behind."))

    class Meta:
        model = Release
        fields = [
            "version",
            "commit_sha",
            "commit_message",
            "commit_author",
            "committed_at",
            "artifact",
            "flags",
            "contracts",
            "created_at",
            "created_by_label",
        ]


class ReleaseFields(Strict):
    commit_sha = Text(required=False, allow_blank=True, max_length=64)
    commit_message = Text(required=False, allow_blank=True, max_length=20_000)
    commit_author = Text(required=False, allow_blank=True, max_length=150)
    committed_at = serializers.DateTimeField(required=False, allow_null=True)
    artifact = Text(
        required=False, allow_blank=True, max_length=500, help_text=_("What an agent fetches: an image, an address.")
    )
    flags = serializers.ListField(child=Text(max_length=100), required=False, max_length=100)
    contracts = YesNo(
        required=False, help_text=_("It removes from the database what the version before needs: no switching back.")
    )


class ReleaseIn(ReleaseFields, Reasoned):
    version = Text(max_length=100)


class ReleaseFilter(Strict):
    version = serializers.CharField(required=False)
    commit = serializers.CharField(required=False, max_length=64, help_text=_("The commit's hash, or how it begins."))


class SlotOut(serializers.ModelSerializer[Slot]):
    release = serializers.CharField(source="release.number", default=None, allow_null=True)

    class Meta:
        model = Slot
        fields = ["name", "url", "release", "weight", "reported_weight", "healthy", "told", "seen_at"]


class PlanStepOut(serializers.Serializer[Any]):
    weight = serializers.IntegerField(help_text=_("Of the new slot, out of 100,000."))
    hold_seconds = serializers.IntegerField()
    needs_approval = serializers.BooleanField()
    analyse = serializers.BooleanField(help_text=_("Judged against the old slot meanwhile."))


class StepIn(Strict):
    weight = WholeNumber(min_value=1, max_value=100_000, help_text=_("Of the new slot, out of 100,000."))
    hold_seconds = WholeNumber(required=False)
    needs_approval = YesNo(required=False)
    analyse = YesNo(required=False, help_text=_("Judge it against the old slot meanwhile; true unless given."))


class StepsIn(serializers.ListField):
    def __init__(self) -> None:
        words = _("Weights that grow, the last 100,000; none: the usual ones.")
        super().__init__(child=StepIn(), required=False, max_length=MAX_STEPS, help_text=words)


class TargetOut(serializers.ModelSerializer[Target]):
    service = serializers.CharField(source="service.key")
    environment = serializers.CharField(source="environment.key")
    steps = serializers.ListField(child=serializers.DictField(), help_text=_("Empty: the usual ones."))
    driver_config = serializers.DictField()
    smoke = serializers.ListField(child=serializers.DictField())
    judge = serializers.DictField()
    gates = serializers.DictField(child=serializers.BooleanField(), help_text=GATES)
    windows = serializers.DictField(allow_null=True, help_text=WINDOWS)
    guards = serializers.ListField(child=serializers.CharField())
    live_release = serializers.CharField(source="live_release.number", default=None, allow_null=True)
    slots = SlotOut(many=True)

    class Meta:
        model = Target
        fields = [
            "service",
            "environment",
            *TARGET_FIELDS,
            "live_slot",
            "live_release",
            "slots",
            "created_at",
            "version",
        ]


class TargetSet(serializers.Serializer[Any]):
    target = TargetOut()
    agent_secret = serializers.CharField(
        allow_null=True,
        help_text=_("What the agent checks signatures with. Made with the first `agent_url`, and shown this once."),
    )


class SmokeIn(Strict):
    path = Text(max_length=500)
    status = WholeNumber(required=False, min_value=100, max_value=599)
    contains = Text(required=False, max_length=500)


class SlotsIn(Strict):
    blue = Text(required=False, allow_blank=True, max_length=300)
    green = Text(required=False, allow_blank=True, max_length=300)


class Seconds(WholeNumber):
    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=604_800, **more)


class TargetIn(Versioned):
    """What is left out stays, or is the usual where nothing was."""

    strategy = serializers.ChoiceField(Strategy.choices, required=False)
    steps = StepsIn()
    watch_seconds = Seconds()
    driver = serializers.ChoiceField(Target.Driver.choices, required=False)
    driver_config = Document(required=False, help_text=_("Of the driver, as docs/api.md says."))
    agent_url = Text(required=False, allow_blank=True, max_length=500)
    health_path = Text(required=False, max_length=200)
    smoke = serializers.ListField(child=SmokeIn(), required=False, max_length=20)
    judge = Document(required=False)
    gates = serializers.DictField(child=YesNo(), required=False, help_text=GATES)
    windows = Document(required=False, allow_null=True, help_text=WINDOWS)
    guards = serializers.ListField(child=Text(max_length=100), required=False, max_length=20)
    prepare_seconds = Seconds()
    drain_seconds = Seconds()
    stops_old = YesNo(required=False, help_text=_("After the watch. Then there is no switching back."))
    slots = SlotsIn(required=False, help_text=_("Where each is probed."))


class WeightsIn(Strict):
    weights = serializers.DictField(
        child=WholeNumber(min_value=0, max_value=100_000), help_text=_("Of every slot, together 100,000.")
    )


class SlotTriedOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    weight = serializers.IntegerField(allow_null=True, help_text=_("Out of 100,000; null: not known."))
    ok = serializers.BooleanField(source="probe.ok")
    told = serializers.CharField(source="probe.words")


class TriedOut(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    trouble = serializers.CharField(help_text=_("Why the weights are not known; empty where they are."))
    slots = SlotTriedOut(many=True)


class CellOut(serializers.ModelSerializer[Target]):
    service = serializers.CharField(source="service.key")
    environment = serializers.CharField(source="environment.key")
    release = ReleaseOut(source="live_release", allow_null=True)

    class Meta:
        model = Target
        fields = ["service", "environment", "release", "live_slot"]
