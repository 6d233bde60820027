"""Reads of the deployments app: rows inside, frozen dataclasses to other apps."""

from apps.deployments.selectors.deployments import (
    deployment_in,
    deployments,
    freeze_windows,
    matrix,
    releases,
    services,
    target_in,
    targets,
)
from apps.deployments.selectors.live_deployments import DeployedTo, LiveDeployment, deployed_to, live_deployment

__all__ = [
    "DeployedTo",
    "LiveDeployment",
    "deployed_to",
    "deployment_in",
    "deployments",
    "freeze_windows",
    "live_deployment",
    "matrix",
    "releases",
    "services",
    "target_in",
    "targets",
]
