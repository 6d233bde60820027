"""Projects and environments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import services
from apps.core.admin_ui import PulseAdmin
from apps.core.audit import Actor
from apps.core.forms import EnvironmentChangeForm, EnvironmentForm, ProjectChangeForm, ProjectForm
from apps.core.models import Environment, Project
from apps.core.templatetags.pulseops import environment_pill, pill


@admin.register(Project)
class ProjectAdmin(PulseAdmin):
    list_display = ("name", "key", "description", "created_at")
    search_fields = ("key", "name")
    ordering = ("name",)
    add_form, change_form = ProjectForm, ProjectChangeForm
    add_words = _("Create a project")
    effect = _("A project starts with three environments: development, staging, and production, which is protected.")

    def create(self, fields: Mapping[str, Any], *, actor: Actor, at: datetime) -> Project:
        return services.create_project(**fields, actor=actor, at=at)

    def change(self, row: Project, fields: Mapping[str, Any], **how: Any) -> Project:
        return services.update_project(project_id=row.pk, fields=fields, **how)

    def added(self, request: HttpRequest, row: Project) -> HttpResponse:
        """To its overview, which says what comes next."""
        main = row.environments.filter(kind=Environment.Kind.PRODUCTION).first()
        return redirect("admin:overview", project=row.key, environment=main.key if main else "")


@admin.register(Environment)
class EnvironmentAdmin(PulseAdmin):
    list_display = ("name", "key", "project", "shown_kind", "guarded", "position")
    list_select_related = ("project",)
    list_filter = ("project",)
    ordering = ("project__name", "position", "id")
    add_form, change_form = EnvironmentForm, EnvironmentChangeForm
    add_words = _("Create an environment")
    effect = _("Every flag of the project gets a state in a new environment: off.")

    @admin.display(description=_("kind"), ordering="kind")
    def shown_kind(self, row: Environment) -> SafeString:
        return environment_pill(row)

    @admin.display(description=_("protected"), ordering="protected")
    def guarded(self, row: Environment) -> SafeString | str:
        return pill("locked", gettext("Protected")) if row.protected else "—"

    def create(self, fields: Mapping[str, Any], *, actor: Actor, at: datetime) -> Environment:
        given = dict(fields)
        return services.create_environment(project_id=given.pop("project").pk, **given, actor=actor, at=at)

    def change(self, row: Environment, fields: Mapping[str, Any], **how: Any) -> Environment:
        return services.update_environment(environment_id=row.pk, fields=fields, **how)
