"""API keys: digests, never secrets; only the publishable client kind keeps its text."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, at: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)


class ApiKey(models.Model):
    class Kind(models.TextChoices):
        CLIENT = "CLIENT", _("Client: browsers and apps, may be published")
        SERVER = "SERVER", _("Server: backends, sees every flag")
        MANAGEMENT = "MANAGEMENT", _("Management: CI and scripts")
        INGEST = "INGEST", _("Ingest: sends observations")

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and change")

    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    environment = models.ForeignKey(
        "core.Environment",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("environment"),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices), default=list, blank=True)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.CharField(_("ends in"), max_length=8, editable=False)
    publishable_token = models.CharField(max_length=100, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    changed_at = models.DateTimeField(editable=False)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="replaced_by"
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(
                condition=Q(environment__isnull=False) | Q(kind="MANAGEMENT"),
                name="core_apikey_kind_has_environment",
            ),
            models.CheckConstraint(
                condition=Q(publishable_token="") | Q(kind="CLIENT"), name="core_apikey_secret_text_not_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"
