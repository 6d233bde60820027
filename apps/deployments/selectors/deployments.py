"""Deployments, services and targets as pages and the API list them. Each is a fixed number of queries."""

from django.db.models import Prefetch, QuerySet

from apps.core.models import Environment, Project
from apps.deployments.models import Deployment, FreezeWindow, MessageTemplate, Release, Rollback, Service, Slot, Target


def deployments(environment: Environment) -> QuerySet[Deployment]:
    """Newest first, with what a line of the history says."""
    rows = Deployment.objects.with_all().filter(target__environment=environment)
    return rows.prefetch_related(Prefetch("rollbacks", Rollback.objects.order_by("pk"))).order_by("-pk")


def deployment_in(environment: Environment, deployment_id: int) -> Deployment | None:
    """With all that belongs to it."""
    rows = deployments(environment).prefetch_related(
        "steps", "gates", "overrides", "ticks", "analyses", Prefetch("target__slots", Slot.objects.order_by("name"))
    )
    return rows.filter(pk=deployment_id).first()


def services(project: Project) -> QuerySet[Service]:
    return Service.objects.filter(project=project).select_related("project").order_by("key")


def releases(service: Service) -> QuerySet[Release]:
    return service.releases.select_related("service").order_by("-pk")


def targets(environment: Environment) -> QuerySet[Target]:
    """What runs in this environment, with its slots."""
    rows = Target.objects.filter(environment=environment).select_related("service__project", "environment")
    slots = Prefetch("slots", Slot.objects.select_related("release").order_by("name"))
    return rows.select_related("live_release").prefetch_related(slots).order_by("service__key")


def target_in(environment: Environment, service_key: str) -> Target | None:
    return targets(environment).filter(service__key=service_key).first()


def target_by_id(target_id: int) -> Target:
    """With its slots."""
    slots = Prefetch("slots", Slot.objects.order_by("name"))
    return Target.objects.select_related("service", "environment").prefetch_related(slots).get(pk=target_id)


def matrix(project: Project) -> QuerySet[Target]:
    """Which version of which service is where: every target of the project, by service and environment."""
    rows = Target.objects.filter(service__project=project).select_related("service", "environment", "live_release")
    return rows.order_by("service__key", "environment__position", "environment__key")


def freeze_windows(project: Project) -> QuerySet[FreezeWindow]:
    rows = FreezeWindow.objects.filter(project=project).select_related("project", "environment")
    return rows.order_by("-starts_at", "-pk")


def message_templates(project: Project) -> QuerySet[MessageTemplate]:
    """The project's own words; kinds without a row have the usual ones."""
    return MessageTemplate.objects.filter(project=project).order_by("kind")
