"""The four roles as Django groups: who may do what, in one table. docs/roles.md is this table in words."""

from typing import Any

from django.contrib.auth.models import Group, Permission

VIEW = (
    "core.view_project",
    "core.view_environment",
    "core.view_apikey",
    "core.view_auditentry",
    "core.view_changerequest",
    "core.view_vote",
    "core.view_hold",
    "monitoring.view_metricseries",
    "monitoring.view_refusedevent",
    "monitoring.view_trackedevent",
    "alerts.view_alert",
    "alerts.view_alertrule",
    "alerts.view_response",
    "monitoring.view_healthcheck",
    "monitoring.view_healthday",
    "monitoring.view_healthresult",
    "alerts.view_channel",
    "alerts.view_notification",
    "alerts.view_route",
    "alerts.view_silence",
    "alerts.view_incident",
    "alerts.view_incidentupdate",
    "alerts.view_statuscomponent",
    "alerts.view_statuspage",
    "alerts.view_trailcursor",
    "flags.view_flag",
    "flags.view_flagactivity",
    "flags.view_flagstate",
    "flags.view_flagstateversion",
    "flags.view_flagusage",
    "flags.view_scheduledchange",
    "flags.view_rolloutplan",
    "flags.view_rolloutstage",
    "flags.view_segment",
    "flags.view_segmentmember",
    "flags.view_variant",
    "deployments.view_analysis",
    "deployments.view_checklisttick",
    "deployments.view_deployment",
    "deployments.view_deploymentstep",
    "deployments.view_freezewindow",
    "deployments.view_gatereport",
    "deployments.view_messagetemplate",
    "deployments.view_override",
    "deployments.view_release",
    "deployments.view_rollback",
    "deployments.view_service",
    "deployments.view_slot",
    "deployments.view_target",
)
PRODUCT = (
    "flags.add_flag",
    "flags.change_flag",
    "flags.change_flagstate",
    "flags.kill_flag",
    "flags.add_segment",
    "flags.change_segment",
    "flags.change_protected",
    "flags.approve_change",
    "deployments.approve_deployment",
)
OPERATOR = (
    "core.add_apikey",
    "core.change_apikey",
    "core.add_environment",
    "core.change_environment",
    "core.change_hold",
    "alerts.add_alertrule",
    "alerts.change_alertrule",
    "alerts.delete_alertrule",
    "alerts.change_alert",
    "monitoring.add_healthcheck",
    "monitoring.change_healthcheck",
    "alerts.add_channel",
    "alerts.change_channel",
    "alerts.add_route",
    "alerts.change_route",
    "alerts.delete_route",
    "alerts.add_silence",
    "alerts.change_silence",
    "alerts.add_incident",
    "alerts.change_incident",
    "alerts.add_statuscomponent",
    "alerts.change_statuscomponent",
    "alerts.delete_statuscomponent",
    "alerts.change_statuspage",
    "deployments.add_deployment",
    "deployments.change_deployment",
    "deployments.deploy_protected",
    "deployments.roll_back_deployment",
    "deployments.override_gate",
    "deployments.add_release",
    "deployments.add_service",
    "deployments.change_service",
    "deployments.add_target",
    "deployments.change_target",
    "deployments.add_freezewindow",
    "deployments.change_freezewindow",
    "deployments.change_messagetemplate",
)
ADMINISTRATOR = (
    "core.add_project",
    "core.change_project",
    "auth.add_user",
    "auth.change_user",
    "auth.delete_user",
    "auth.view_user",
    "auth.view_group",
)
ROLES = {
    "Viewer": VIEW,
    "Product": (*VIEW, *PRODUCT),
    "Operator": (*VIEW, *PRODUCT, *OPERATOR),
    "Administrator": (*VIEW, *PRODUCT, *OPERATOR, *ADMINISTRATOR),
}


def ensure_roles(**_: Any) -> None:
    """Bring the groups to the table above; runs after each migrate."""
    known = {f"{app}.{codename}": pk for app, codename, pk in _permissions()}
    for role, names in ROLES.items():
        group, _created = Group.objects.get_or_create(name=role)
        group.permissions.set([known[name] for name in names if name in known])


def _permissions() -> Any:
    return Permission.objects.values_list("content_type__app_label", "codename", "pk")
