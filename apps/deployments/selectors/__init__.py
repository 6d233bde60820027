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

__all__ = [
    "deployment_in",
    "deployments",
    "freeze_windows",
    "matrix",
    "releases",
    "services",
    "target_in",
    "targets",
]
