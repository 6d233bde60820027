"""Addresses of deployments, below /api/v1/."""

from django.urls import URLPattern, path

from apps.core.api.routes import MANY, ONE, PROJECT
from apps.deployments.api.catalogue import MatrixViewSet, ReleaseViewSet, ServiceViewSet
from apps.deployments.api.deployments import DeploymentViewSet

SERVICE = f"{PROJECT}services/<slug:service>/"
HERE = f"{PROJECT}environments/<slug:environment>/"
DEPLOYMENT = f"{HERE}deployments/<int:deployment>/"

urlpatterns: list[URLPattern] = [
    path(f"{PROJECT}services/", ServiceViewSet.as_view(MANY), name="service-list"),
    path(f"{PROJECT}services/matrix/", MatrixViewSet.as_view({"get": "list"}), name="service-matrix"),
    path(SERVICE, ServiceViewSet.as_view(ONE), name="service"),
    path(f"{SERVICE}releases/", ReleaseViewSet.as_view(MANY), name="release-list"),
    path(f"{HERE}deployments/", DeploymentViewSet.as_view(MANY), name="deployment-list"),
    path(DEPLOYMENT, DeploymentViewSet.as_view({"get": "retrieve"}), name="deployment"),
]
