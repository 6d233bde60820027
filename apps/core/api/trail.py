"""The audit trail, to read."""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import selectors
from apps.core.api.schema import endpoint
from apps.core.api.views import ApiViewSet
from apps.core.serializers import AuditEntryOut, AuditFilter


class AuditViewSet(ApiViewSet):
    ordering = ("-id",)
    needs = {"list": "core.view_auditentry"}

    @endpoint("Audit", "List what was done, newest first", answers=AuditEntryOut, many=True, query=AuditFilter)
    def list(self, request: Request, project: str) -> Response:
        wanted = self.query(AuditFilter)
        if environment := self.environment_asked(wanted):
            wanted["environment"] = environment
        return self.page(selectors.audit_entries(project=self.project).filter(_narrowed(wanted)), AuditEntryOut)


def _narrowed(wanted: dict[str, Any]) -> Q:
    lookups = {"since": "at__gte", "until": "at__lt"}
    subject = wanted.pop("subject", None)
    narrowed = Q(**{lookups.get(name, name): value for name, value in wanted.items()})
    return narrowed & (Q(subject_id=subject) | Q(subject_label=subject)) if subject else narrowed
