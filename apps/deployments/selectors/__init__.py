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
from apps.deployments.selectors.news import KINDS as NEWS_KINDS
from apps.deployments.selectors.news import About, News, about, message, news_of

__all__ = [
    "NEWS_KINDS",
    "About",
    "DeployedTo",
    "LiveDeployment",
    "News",
    "about",
    "deployed_to",
    "deployment_in",
    "deployments",
    "freeze_windows",
    "live_deployment",
    "matrix",
    "message",
    "news_of",
    "releases",
    "services",
    "target_in",
    "targets",
]
