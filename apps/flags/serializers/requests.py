"""Change requests: what is proposed, by whom, and how far it is."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core import approvals
from apps.core.models import AuditEntry, ChangeRequest, Vote
from apps.core.serializers import Strict, Text, Versioned
from apps.flags.services import OPERATIONS


class VoteOut(serializers.ModelSerializer[Vote]):
    voter = serializers.CharField(source="voter_label")

    class Meta:
        model = Vote
        fields = ["voter", "approves", "comment", "at"]


class ApprovalsOut(serializers.Serializer[Any]):
    given = serializers.IntegerField()
    needed = serializers.IntegerField()


class AuthorOut(serializers.Serializer[ChangeRequest]):
    kind = serializers.ChoiceField(AuditEntry.ActorKind.choices, source="author_kind")
    id = serializers.IntegerField(source="author_id", allow_null=True)
    label = serializers.CharField(source="author_label")  # type: ignore[assignment]


class ChangeRequestOut(serializers.ModelSerializer[ChangeRequest]):
    environment = serializers.CharField(source="environment.key", default=None, allow_null=True)
    patch = serializers.DictField()
    changes = serializers.DictField(help_text=_("Field name to [before, after]."))
    author = AuthorOut(source="*")
    votes = VoteOut(many=True)
    approvals = serializers.SerializerMethodField()

    class Meta:
        model = ChangeRequest
        fields = [
            "id",
            "kind",
            "environment",
            "subject_type",
            "subject_id",
            "subject_label",
            "patch",
            "base_version",
            "changes",
            "reason",
            "author",
            "status",
            "approvals",
            "votes",
            "created_at",
            "closed_at",
            "version",
        ]

    @extend_schema_field(ApprovalsOut)
    def get_approvals(self, request: ChangeRequest) -> Any:
        given = sum(vote.approves for vote in request.votes.all())
        return ApprovalsOut({"given": given, "needed": approvals.needed(request)}).data


class ChangeRequestFilter(Strict):
    status = serializers.ChoiceField(ChangeRequest.Status.choices, required=False)
    environment = serializers.CharField(required=False, help_text=_("The environment's key."))
    kind = serializers.CharField(required=False, help_text=_("For example flags.state_change."))


class Comment(Strict):
    comment = Text(required=False, allow_blank=True, default="", max_length=1_000)


class ChangeRequestIn(Versioned):
    """`flag` or `segment`, as the kind asks; `environment` unless the change is the same in all of them."""

    kind = serializers.ChoiceField(sorted(OPERATIONS))
    flag = Text(required=False, max_length=100)
    segment = Text(required=False, max_length=100)
    environment = Text(required=False, max_length=50)
    patch = serializers.DictField(help_text=_("The change itself; docs/api.md shows its form for each kind."))
