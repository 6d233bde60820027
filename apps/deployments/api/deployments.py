"""Deployments as resources: their history, one of them whole, asking for one, and recording one done elsewhere."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.deployments import selectors, services
from apps.deployments.api.problems import OnlyPeopleOverride
from apps.deployments.api.views import OneDeployment
from apps.deployments.domain.access import Action, needed
from apps.deployments.domain.gates import IN_THE_WAY
from apps.deployments.domain.plans import parse_steps
from apps.deployments.models import Deployment
from apps.deployments.serializers.deployments import DeploymentOut, DeploymentWhole, GateAnswer
from apps.deployments.serializers.requests import DeploymentFilter, DeploymentIn

TAG = "Deployments"
HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 200  # characters
ASK_AGAIN_SECONDS = 5  # as often as a deployment looks at its gates
BACK = (Deployment.State.ROLLING_BACK, Deployment.State.ROLLBACK_FAILED)
LOOKUPS = {
    "service": "target__service__key",
    "version": "release__number",
    "commit": "release__commit_sha__startswith",
    "since": "requested_at__gte",
    "until": "requested_at__lt",
}
KEY = OpenApiParameter(
    HEADER, str, OpenApiParameter.HEADER, description="The same key again is the same deployment: sending is safe."
)
CANARY = example(
    "A canary that a person looks at",
    {
        "service": "web",
        "version": "2.14.0",
        "strategy": "CANARY",
        "steps": [
            {"weight": 5_000, "hold_seconds": 600},
            {"weight": 50_000, "hold_seconds": 600, "needs_approval": True},
            {"weight": 100_000},
        ],
        "reason": "Gift cards at the checkout",
    },
    request=True,
)
DONE = example(
    "One that CI carried out itself",
    {
        "elsewhere": True,
        "service": "web",
        "version": "2.14.0",
        "release": {"commit_sha": "4f2a91c0d5a8e6b7f3c29a1d80e4b6c5d7f8a9b0", "commit_author": "Ada Lovelace"},
        "started_at": "2026-12-01T10:00:00Z",
        "reason": "Gift cards at the checkout",
    },
    request=True,
)


class DeploymentViewSet(OneDeployment):
    ordering = ("-id",)
    actions = {"list": Action.VIEW, "create": Action.REQUEST, "retrieve": Action.VIEW, "gate": Action.VIEW}

    @endpoint(TAG, "List deployments, newest first", answers=DeploymentOut, many=True, query=DeploymentFilter)
    def list(self, request: Request, **address: Any) -> Response:
        wanted = self.query(DeploymentFilter)
        rows = selectors.deployments(self.environment).prefetch_related("gates")
        return self.page(_narrowed(rows, wanted), DeploymentOut)

    @endpoint(
        TAG,
        "Ask for a deployment, or record one",
        description="It goes through the gates and on by itself. With `elsewhere` nothing is moved or asked: it was "
        "done already, and service, target and release are made where they are missing. The same `Idempotency-Key` "
        "again answers 200 with the deployment that is there.",
        body=DeploymentIn,
        answers={201: DeploymentWhole, 200: DeploymentWhole},
        conflict="There is this version of another commit, or the `Idempotency-Key` was sent with another version.",
        examples=[CANARY, DONE],
        parameters=[KEY],
    )
    def create(self, request: Request, **address: Any) -> Response:
        body = self.body(DeploymentIn)
        signed, elsewhere = self.signed(body), body.pop("elsewhere")
        self._insist(body, elsewhere)
        if "steps" in body:
            body["steps"] = parse_steps(body["steps"])
        named = {
            "environment_id": self.environment.pk,
            "service_key": body.pop("service"),
            "version": body.pop("version"),
            "release": body.pop("release", None),
            "idempotency_key": self._idempotency_key(),
        }
        deploy = services.record_version if elsewhere else services.request_version
        row = deploy(**named, **body, **signed)
        return self.whole(row.pk, status=201 if row.requested_at == signed["at"] else 200)

    @endpoint(TAG, "Read a deployment with all that belongs to it", answers=DeploymentWhole)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return self.whole(self.deployment.pk)

    @endpoint(
        TAG,
        "Ask whether a deployment may go on",
        description="For a pipeline that waits: small, and without what belongs to it. Ask again after the seconds in "
        "`Retry-After` until `open` or `over` is true; there is no such header once it is over.",
        answers=GateAnswer,
    )
    def gate(self, request: Request, **address: Any) -> Response:
        row = self.deployment
        over = row.state in Deployment.OVER
        told = {
            "state": row.state,
            "open": row.state in (*Deployment.ACTIVE, Deployment.State.SUCCEEDED) and row.state not in BACK,
            "over": over,
            "succeeded": row.state == Deployment.State.SUCCEEDED if over else None,
            "reasons": _reasons(row),
        }
        return Response(GateAnswer(told).data, headers=None if over else {"Retry-After": str(ASK_AGAIN_SECONDS)})

    def _insist(self, body: dict[str, Any], elsewhere: bool) -> None:
        """On what is asked for along the way: the release, what is set up for it, and getting past gates."""
        target = selectors.target_in(self.environment, body["service"])
        known = target and selectors.releases(target.service).filter(number=body["version"]).exists()
        if not known and (elsewhere or "release" in body):
            self.insist(needed(Action.RELEASE))
        if target is None and elsewhere:
            self.insist(needed(Action.CONFIGURE, protected=self.protected))
        if body.get("hotfix"):
            if self.caller_key:
                raise OnlyPeopleOverride
            self.insist(needed(Action.OVERRIDE, protected=self.protected))

    def _idempotency_key(self) -> str:
        key = self.request.headers.get(HEADER, "")
        if len(key) > MAX_KEY_LENGTH:
            raise ValidationError({HEADER: [f"must be at most {MAX_KEY_LENGTH} characters"]})
        return key


def _narrowed(rows: QuerySet[Deployment], wanted: dict[str, Any]) -> QuerySet[Deployment]:
    return rows.filter(**{LOOKUPS.get(name, name): value for name, value in wanted.items()})


def _reasons(row: Deployment) -> list[str]:
    """While it waits, what each gate in the way said last; afterwards what it is at, or came to."""
    reports = row.gates.filter(verdict__in=sorted(IN_THE_WAY)).order_by("pk") if row.state in Deployment.WAITING else []
    found = [report.reason for report in reports]
    return found or [row.words or "Its gates have not been looked at yet."]
