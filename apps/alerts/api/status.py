"""Status pages and their components as resources. What visitors see has an address of its own, outside of the API."""

from functools import cached_property

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import selectors, services
from apps.alerts.models import StatusComponent, StatusPage
from apps.alerts.serializers.status import (
    ComponentChange,
    ComponentIn,
    ComponentMove,
    ComponentOut,
    ComponentState,
    StatusPageChange,
    StatusPageIn,
    StatusPageOut,
)
from apps.core.api.problems import Translations, refusal
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import Versioned

TAG = "Status pages"
FASTER = "Somebody else was faster."
REFUSALS: Translations = {
    services.StatusPageExists: refusal(
        409, "already_exists", "The environment has a status page already.", field="environment"
    ),
    services.ComponentExists: refusal(
        409, "already_exists", "There is a component with this key here already.", field="key"
    ),
}
PAGE = example(
    "For production",
    {"environment": "production", "slug": "shop", "title": "Shop", "published": True, "reason": "launch"},
    request=True,
)
COMPONENT = example(
    "Told by a health check",
    {"key": "checkout", "name": "Checkout", "checks": ["web"], "reason": "launch"},
    request=True,
)


class StatusPageViewSet(ApiViewSet):
    ordering = ("slug",)
    refusals = REFUSALS
    needs = {
        "list": "alerts.view_statuspage",
        "create": "alerts.change_statuspage",
        "retrieve": "alerts.view_statuspage",
        "partial_update": "alerts.change_statuspage",
    }

    @cached_property
    def status_page(self) -> StatusPage:
        return get_object_or_404(selectors.status_pages(), environment=self.environment)

    @endpoint(TAG, "List status pages", answers=StatusPageOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        rows = selectors.status_pages().filter(environment__project=self.project)
        return self.page(rows.filter(environment__key=self.bound_to) if self.bound_to else rows, StatusPageOut)

    @endpoint(
        TAG,
        "Create the status page of an environment",
        description="Nothing is public before `published` is true.",
        body=StatusPageIn,
        answers=StatusPageOut,
        status=201,
        conflict="The environment has one already.",
        examples=[PAGE],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(StatusPageIn)
        signed, environment = self.signed(body), self.environment_named(body.pop("environment"))
        row = services.create_status_page(environment_id=environment.pk, fields=body, **signed)
        return Response(StatusPageOut(selectors.status_pages().get(pk=row.pk)).data, status=201)

    @endpoint(TAG, "Read a status page", answers=StatusPageOut)
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(StatusPageOut(self.status_page).data)

    @endpoint(
        TAG,
        "Change or publish a status page",
        description="What is left out stays.",
        body=StatusPageChange,
        answers=StatusPageOut,
        conflict=FASTER,
    )
    def partial_update(self, request: Request, **address: str) -> Response:
        body = self.body(StatusPageChange)
        signed = self.signed(body)
        services.update_status_page(page_id=self.status_page.pk, fields=body, **signed)
        return Response(StatusPageOut(selectors.status_pages().get(pk=self.status_page.pk)).data)


class ComponentViewSet(ApiViewSet):
    ordering = ("position", "id")
    refusals = REFUSALS
    needs = {
        "list": "alerts.view_statuscomponent",
        "create": "alerts.add_statuscomponent",
        "retrieve": "alerts.view_statuscomponent",
        "partial_update": "alerts.change_statuscomponent",
        "set_state": "alerts.change_statuscomponent",
        "move": "alerts.change_statuscomponent",
        "remove": "alerts.delete_statuscomponent",
    }

    @cached_property
    def component(self) -> StatusComponent:
        return get_object_or_404(selectors.status_components(self.environment.pk), key=self.kwargs["component"])

    @endpoint(TAG, "List components", answers=ComponentOut, many=True)
    def list(self, request: Request, **address: str) -> Response:
        return self.page(selectors.status_components(self.environment.pk), ComponentOut)

    @endpoint(
        TAG,
        "Add a component",
        description="It comes last.",
        body=ComponentIn,
        answers=ComponentOut,
        status=201,
        conflict="There is one with this key already.",
        examples=[COMPONENT],
    )
    def create(self, request: Request, **address: str) -> Response:
        body = self.body(ComponentIn)
        signed = self.signed(body)
        row = services.create_component(environment_id=self.environment.pk, fields=body, **signed)
        return Response(ComponentOut(row).data, status=201)

    @endpoint(TAG, "Read a component", answers=ComponentOut)
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(ComponentOut(self.component).data)

    @endpoint(TAG, "Change a component", body=ComponentChange, answers=ComponentOut, conflict=FASTER)
    def partial_update(self, request: Request, **address: str) -> Response:
        body = self.body(ComponentChange)
        signed = self.signed(body)
        return self._answer(services.update_component(component_id=self.component.pk, fields=body, **signed))

    @endpoint(
        TAG,
        "Set a component's state by hand",
        description="Incidents and health checks can only make it worse. The reason is not public.",
        body=ComponentState,
        answers=ComponentOut,
        conflict=FASTER,
    )
    def set_state(self, request: Request, **address: str) -> Response:
        body = self.body(ComponentState)
        return self._answer(services.set_component_state(component_id=self.component.pk, **self.signed(body), **body))

    @endpoint(TAG, "Move a component", body=ComponentMove, answers=ComponentOut, conflict=FASTER)
    def move(self, request: Request, **address: str) -> Response:
        body = self.body(ComponentMove)
        return self._answer(services.move_component(component_id=self.component.pk, **self.signed(body), **body))

    @endpoint(TAG, "Delete a component", body=Versioned, answers=ComponentOut, conflict=FASTER)
    def remove(self, request: Request, **address: str) -> Response:
        told = ComponentOut(self.component).data
        services.delete_component(component_id=self.component.pk, **self.signed(self.body(Versioned)))
        return Response(told)

    def _answer(self, row: StatusComponent) -> Response:
        return Response(ComponentOut(row).data)
