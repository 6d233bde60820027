"""The tables of deployments in the admin: what people work with leads to its own page, the rest is only shown."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.core import navigation
from apps.core.admin_ui import ReadOnlyAdmin
from apps.deployments.models import (
    Analysis,
    ChecklistTick,
    Deployment,
    DeploymentStep,
    FreezeWindow,
    GateReport,
    MessageTemplate,
    Override,
    Release,
    Rollback,
    Service,
    Slot,
    Target,
)


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "project", "created_at")
    list_select_related = ("project",)
    search_fields = ("key", "name")
    ordering = ("key", "pk")


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ("number", "service", "commit_sha", "commit_author", "created_at")
    list_select_related = ("service",)
    search_fields = ("number", "commit_sha")
    ordering = ("-pk",)


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "strategy", "driver", "live_slot", "live_release")
    list_select_related = ("service", "environment__project", "live_release")
    ordering = ("pk",)
    exclude = ("agent_secret",)


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ("name", "target", "release", "weight", "healthy", "seen_at")
    list_select_related = ("target__service", "target__environment", "release")
    ordering = ("target", "name")


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ("release", "target", "state", "strategy", "requested_by_label", "requested_at")
    list_select_related = ("release", "target__service", "target__environment__project")
    list_filter = ("state", "strategy", "hotfix")
    search_fields = ("message",)
    ordering = ("-pk",)

    def detail(self, request: HttpRequest, row: Deployment) -> HttpResponse:
        scope = navigation.Scope(row.target.environment.project, row.target.environment)
        return HttpResponseRedirect(reverse("admin:deployment-detail", kwargs=scope.kwargs | {"deployment": row.pk}))


@admin.register(DeploymentStep)
class DeploymentStepAdmin(ReadOnlyAdmin):
    list_display = ("deployment_id", "state", "task", "weight", "status", "began_at", "ended_at")
    ordering = ("-pk",)


@admin.register(GateReport)
class GateReportAdmin(ReadOnlyAdmin):
    list_display = ("deployment_id", "gate", "verdict", "reason", "changed_at")
    list_filter = ("gate", "verdict")
    ordering = ("-pk",)


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    list_display = ("deployment_id", "gate", "by_label", "at", "reason")
    ordering = ("-pk",)


@admin.register(ChecklistTick)
class ChecklistTickAdmin(ReadOnlyAdmin):
    list_display = ("deployment_id", "item", "by_label", "at")
    ordering = ("-pk",)


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin):
    list_display = ("deployment_id", "position", "look", "verdict", "at")
    list_filter = ("verdict",)
    ordering = ("-pk",)


@admin.register(Rollback)
class RollbackAdmin(ReadOnlyAdmin):
    list_display = ("deployment_id", "method", "automatic", "trigger", "status", "asked_at", "verified_at")
    list_filter = ("method", "automatic", "status")
    ordering = ("-pk",)


@admin.register(FreezeWindow)
class FreezeWindowAdmin(ReadOnlyAdmin):
    list_display = ("name", "project", "environment", "starts_at", "ends_at")
    list_select_related = ("project", "environment__project")
    search_fields = ("name",)
    ordering = ("-starts_at", "pk")


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ReadOnlyAdmin):
    list_display = ("kind", "project", "subject")
    list_select_related = ("project",)
    ordering = ("project", "kind")
