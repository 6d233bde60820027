"""Every row of deployments, by idea: what is deployed, a deployment and its own, the judge, ways back, planning."""

from apps.deployments.models.deployments import ChecklistTick, Deployment, DeploymentStep, GateReport, Override
from apps.deployments.models.judging import Analysis
from apps.deployments.models.planning import FreezeWindow, MessageTemplate
from apps.deployments.models.rollbacks import Rollback
from apps.deployments.models.services import Release, Service, Slot, Target

__all__ = [
    "Analysis",
    "ChecklistTick",
    "Deployment",
    "DeploymentStep",
    "FreezeWindow",
    "GateReport",
    "MessageTemplate",
    "Override",
    "Release",
    "Rollback",
    "Service",
    "Slot",
    "Target",
]
