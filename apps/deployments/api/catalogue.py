"""Services and their releases as resources, and which version of which service is where."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.deployments import selectors, services
from apps.deployments.api.views import DeploymentsViewSet
from apps.deployments.domain.access import Action
from apps.deployments.serializers.catalogue import (
    CellOut,
    ReleaseFilter,
    ReleaseIn,
    ReleaseOut,
    ServiceChange,
    ServiceIn,
    ServiceOut,
)

TAG = "Services and releases"
STALE = "Somebody else was faster."
SHOP = example(
    "A service",
    {"key": "web", "name": "Web shop", "repository_url": "https://git.example.com/shop/web", "reason": "launch"},
    request=True,
)
BUILT = example(
    "From CI",
    {
        "version": "2.14.0",
        "commit_sha": "4f2a91c0d5a8e6b7f3c29a1d80e4b6c5d7f8a9b0",
        "commit_message": "Take gift cards at the checkout",
        "commit_author": "Ada Lovelace",
        "committed_at": "2026-12-01T08:30:00Z",
        "artifact": "registry.example.com/shop/web:2.14.0",
        "flags": ["gift-cards"],
    },
    request=True,
)


class ServiceViewSet(DeploymentsViewSet):
    ordering = ("key",)
    actions = {
        "list": Action.VIEW,
        "create": Action.CONFIGURE,
        "retrieve": Action.VIEW,
        "partial_update": Action.CONFIGURE,
    }

    @endpoint(TAG, "List services", answers=ServiceOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        return self.page(selectors.services(self.project), ServiceOut)

    @endpoint(
        TAG,
        "Create a service",
        description="Where it runs is said by its targets, one in each environment.",
        body=ServiceIn,
        answers=ServiceOut,
        status=201,
        conflict="The key is taken.",
        examples=[SHOP],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(ServiceIn)
        signed = self.signed(body)
        row = services.create_service(project_id=self.project.pk, **body, **signed)
        return Response(ServiceOut(row).data, status=201)

    @endpoint(TAG, "Read a service", answers=ServiceOut)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return Response(ServiceOut(self.service).data)

    @endpoint(
        TAG,
        "Change a service",
        description="What is left out stays. Its checklist counts in every environment.",
        body=ServiceChange,
        answers=ServiceOut,
        conflict=STALE,
    )
    def partial_update(self, request: Request, **address: Any) -> Response:
        body = self.body(ServiceChange)
        signed = self.signed(body)
        return Response(ServiceOut(services.update_service(service_id=self.service.pk, fields=body, **signed)).data)


class ReleaseViewSet(DeploymentsViewSet):
    ordering = ("-id",)
    open_to_bound_keys = True  # a release serves nobody before it is deployed
    actions = {"list": Action.VIEW, "create": Action.RELEASE}

    @endpoint(TAG, "List releases, newest first", answers=ReleaseOut, many=True, query=ReleaseFilter)
    def list(self, request: Request, **address: Any) -> Response:
        wanted, lookups = self.query(ReleaseFilter), {"version": "number", "commit": "commit_sha__startswith"}
        rows = selectors.releases(self.service).filter(**{lookups[name]: value for name, value in wanted.items()})
        return self.page(rows, ReleaseOut)

    @endpoint(
        TAG,
        "Create a release",
        description="A version is made once and never changes: the same version of the same commit again answers 200 "
        "with the one that is there.",
        body=ReleaseIn,
        answers={201: ReleaseOut, 200: ReleaseOut},
        conflict="There is this version of another commit.",
        examples=[BUILT],
    )
    def create(self, request: Request, **address: Any) -> Response:
        body = self.body(ReleaseIn)
        signed = self.signed(body)
        row = services.create_release(service_id=self.service.pk, number=body.pop("version"), **body, **signed)
        return Response(ReleaseOut(row).data, status=201 if row.created_at == signed["at"] else 200)


class MatrixViewSet(DeploymentsViewSet):
    ordering = ("service__key", "environment__position", "id")
    actions = {"list": Action.VIEW}

    @endpoint(TAG, "List which version of which service is where", answers=CellOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        rows = selectors.matrix(self.project)
        return self.page(rows.filter(environment__key=self.bound_to) if self.bound_to else rows, CellOut)
