"""Addresses of deployments, below /api/v1/."""

from django.urls import URLPattern, path

from apps.core.api.routes import MANY, ONE, PROJECT, post
from apps.deployments.api.calendars import CalendarViewSet, FreezeViewSet
from apps.deployments.api.catalogue import MatrixViewSet, ReleaseViewSet, ServiceViewSet
from apps.deployments.api.deployments import DeploymentViewSet
from apps.deployments.api.messages import MessageViewSet
from apps.deployments.api.steering import RollbackViewSet, SteeringViewSet
from apps.deployments.api.targets import TargetViewSet, WeightsViewSet

SERVICE = f"{PROJECT}services/<slug:service>/"
HERE = f"{PROJECT}environments/<slug:environment>/"
DEPLOYMENT = f"{HERE}deployments/<int:deployment>/"
TARGET = f"{SERVICE}targets/<slug:environment>/"
FREEZE = f"{PROJECT}freeze-windows/<int:freeze>/"
MESSAGES = f"{PROJECT}message-templates/"
STEERING = {  # address -> action
    "approve": "approve",
    "reject": "reject",
    "cancel": "cancel",
    "pause": "pause",
    "resume": "resume",
    "skip-step": "skip_step",
    "approve-step": "approve_step",
    "override-gate": "override_gate",
}

urlpatterns: list[URLPattern] = [
    path(f"{PROJECT}services/", ServiceViewSet.as_view(MANY), name="service-list"),
    path(f"{PROJECT}services/matrix/", MatrixViewSet.as_view({"get": "list"}), name="service-matrix"),
    path(SERVICE, ServiceViewSet.as_view(ONE), name="service"),
    path(f"{SERVICE}releases/", ReleaseViewSet.as_view(MANY), name="release-list"),
    path(TARGET, TargetViewSet.as_view(ONE | {"put": "update"}), name="target"),
    path(f"{TARGET}agent-secret/", TargetViewSet.as_view(post("renew_secret")), name="target-agent-secret"),
    path(f"{TARGET}try/", TargetViewSet.as_view(post("try_out")), name="target-try"),
    path(f"{TARGET}weights/", WeightsViewSet.as_view({"put": "update"}), name="target-weights"),
    path(f"{HERE}deployment-targets/", TargetViewSet.as_view({"get": "list"}), name="target-list"),
    path(f"{HERE}deployment-calendar/", CalendarViewSet.as_view({"get": "retrieve"}), name="deployment-calendar"),
    path(f"{HERE}deployments/", DeploymentViewSet.as_view(MANY), name="deployment-list"),
    path(DEPLOYMENT, DeploymentViewSet.as_view({"get": "retrieve"}), name="deployment"),
    path(f"{DEPLOYMENT}gate/", DeploymentViewSet.as_view({"get": "gate"}), name="deployment-gate"),
    path(f"{DEPLOYMENT}plan/", SteeringViewSet.as_view({"patch": "plan"}), name="deployment-plan"),
    path(f"{DEPLOYMENT}checklist/<slug:item>/", SteeringViewSet.as_view({"put": "tick"}), name="deployment-item"),
    path(f"{DEPLOYMENT}roll-back/", RollbackViewSet.as_view(MANY), name="deployment-roll-back"),
    path(
        f"{DEPLOYMENT}confirm-rollback/", RollbackViewSet.as_view(post("confirm")), name="deployment-confirm-rollback"
    ),
    *(
        path(f"{DEPLOYMENT}{address}/", SteeringViewSet.as_view(post(action)), name=f"deployment-{address}")
        for address, action in STEERING.items()
    ),
    path(f"{PROJECT}freeze-windows/", FreezeViewSet.as_view(MANY), name="freeze-list"),
    path(FREEZE, FreezeViewSet.as_view({"get": "retrieve"}), name="freeze"),
    path(f"{FREEZE}end/", FreezeViewSet.as_view(post("end")), name="freeze-end"),
    path(MESSAGES, MessageViewSet.as_view({"get": "list"}), name="message-template-list"),
    path(f"{MESSAGES}preview/", MessageViewSet.as_view(post("preview")), name="message-template-preview"),
    path(
        f"{MESSAGES}<slug:kind>/",
        MessageViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
        name="message-template",
    ),
]
