"""Projects and their environments."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import selectors, services
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import (
    EnvironmentChange,
    EnvironmentIn,
    EnvironmentOut,
    ProjectChange,
    ProjectIn,
    ProjectOut,
)

TAKEN, STALE = "The key is taken.", "Somebody else was faster."
PROJECT = example("A project", {"key": "shop", "name": "Web shop", "reason": "new product"}, request=True)


class ProjectViewSet(ApiViewSet):
    ordering = ("key",)
    needs = {
        "list": "core.view_project",
        "create": "core.add_project",
        "retrieve": "core.view_project",
        "partial_update": "core.change_project",
    }

    @endpoint("Projects", "List projects", answers=ProjectOut, many=True)
    def list(self, request: Request) -> Response:
        rows, key = selectors.projects(), self.caller_key
        return self.page(rows.filter(pk=key.project_id) if key else rows, ProjectOut)

    @endpoint(
        "Projects",
        "Create a project",
        description="It gets three environments: development, staging, and production, which is protected.",
        body=ProjectIn,
        answers=ProjectOut,
        status=201,
        conflict=TAKEN,
        examples=[PROJECT],
    )
    def create(self, request: Request) -> Response:
        body = self.body(ProjectIn)
        signed = self.signed(body)
        return Response(ProjectOut(services.create_project(**body, **signed)).data, status=201)

    @endpoint("Projects", "Read a project", answers=ProjectOut)
    def retrieve(self, request: Request, project: str) -> Response:
        return Response(ProjectOut(self.project).data)

    @endpoint("Projects", "Change a project", body=ProjectChange, answers=ProjectOut, conflict=STALE)
    def partial_update(self, request: Request, project: str) -> Response:
        body = self.body(ProjectChange)
        signed = self.signed(body)
        changed = services.update_project(project_id=self.project.pk, fields=body, **signed)
        return Response(ProjectOut(changed).data)


class EnvironmentViewSet(ApiViewSet):
    ordering = ("position", "id")
    needs = {
        "list": "core.view_environment",
        "create": "core.add_environment",
        "retrieve": "core.view_environment",
        "partial_update": "core.change_environment",
    }

    @endpoint("Environments", "List environments", answers=EnvironmentOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        rows = selectors.environments(self.project)
        return self.page(rows.filter(key=self.bound_to) if self.bound_to else rows, EnvironmentOut)

    @endpoint(
        "Environments",
        "Create an environment",
        description="Every flag of the project gets a state there: off.",
        body=EnvironmentIn,
        answers=EnvironmentOut,
        status=201,
        conflict=TAKEN,
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(EnvironmentIn)
        signed = self.signed(body)
        made = services.create_environment(project_id=self.project.pk, **body, **signed)
        return Response(EnvironmentOut(made).data, status=201)

    @endpoint("Environments", "Read an environment", answers=EnvironmentOut)
    def retrieve(self, request: Request, project: str, environment: str) -> Response:
        return Response(EnvironmentOut(self.environment).data)

    @endpoint("Environments", "Change an environment", body=EnvironmentChange, answers=EnvironmentOut, conflict=STALE)
    def partial_update(self, request: Request, project: str, environment: str) -> Response:
        body = self.body(EnvironmentChange)
        signed = self.signed(body)
        changed = services.update_environment(environment_id=self.environment.pk, fields=body, **signed)
        return Response(EnvironmentOut(changed).data)
