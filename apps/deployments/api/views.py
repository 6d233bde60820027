"""What the deployments' resources share: who may, which refusals, and the objects in the address."""

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

from django.shortcuts import get_object_or_404
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.views import ApiViewSet
from apps.deployments import selectors
from apps.deployments.api.problems import REFUSALS
from apps.deployments.domain.access import Action, needed
from apps.deployments.models import Deployment, Service, Target
from apps.deployments.selectors.checklists import results
from apps.deployments.selectors.gates import approvals_needed
from apps.deployments.serializers.deployments import DeploymentWhole


class DeploymentsViewSet(ApiViewSet):
    refusals = REFUSALS
    actions: ClassVar[Mapping[str, Action]] = {}

    @property
    def needs(self) -> Mapping[str, str]:  # type: ignore[override]
        return {name: needed(action)[0] for name, action in self.actions.items()}

    def needed_here(self) -> tuple[str, ...]:
        return needed(self.actions[self.action], protected=self.protected) if self.writes else ()

    @cached_property
    def protected(self) -> bool:
        """What is the same in every environment is as protected as the most protected one."""
        if "environment" in self.kwargs:
            return self.environment.protected
        return self.project.environments.filter(protected=True).exists()

    @cached_property
    def service(self) -> Service:
        return get_object_or_404(selectors.services(self.project), key=self.kwargs["service"])

    @cached_property
    def target(self) -> Target:
        return get_object_or_404(selectors.targets(self.environment), service=self.service)


class OneDeployment(DeploymentsViewSet):
    open_to_bound_keys = True

    @cached_property
    def deployment(self) -> Deployment:
        return get_object_or_404(selectors.deployments(self.environment), pk=self.kwargs["deployment"])

    def whole(self, pk: int, *, status: int = 200) -> Response:
        """As it is by now, with all that belongs to it."""
        row = selectors.deployment_in(self.environment, pk)
        assert row is not None  # deployments are never deleted
        known = {"approvals_needed": approvals_needed(row), "checklist": results(row, clock.now())}
        return Response(DeploymentWhole(row, context=known).data, status=status)
