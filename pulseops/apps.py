"""Django's hooks into the composition root."""

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin
from django.db.models.signals import post_migrate, pre_migrate


class PulseOpsConfig(AppConfig):
    name = "pulseops"
    default = True

    def ready(self) -> None:
        from pulseops import checks, observability, roles, wiring  # noqa: F401 - checks register themselves
        from pulseops.stack import foreign

        wiring.wire()
        pre_migrate.connect(foreign.refuse_foreign_database, sender=apps.get_app_config("core"))
        post_migrate.connect(roles.ensure_roles, dispatch_uid="pulseops.roles")
        observability.start()


class PulseOpsAdminConfig(admin.AdminConfig):
    default = False  # named in full in INSTALLED_APPS
    default_site = "pulseops.admin_site.PulseOpsAdminSite"
