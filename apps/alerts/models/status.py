"""The public status page: one for each environment that has it, and the components whose state it tells."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models.projects import slug


class Impact(models.TextChoices):
    """How a component fares, from well to worse. MAINTENANCE is planned and ranks below the others."""

    OPERATIONAL = "OPERATIONAL", _("Operational")
    MAINTENANCE = "MAINTENANCE", _("Under maintenance")
    DEGRADED = "DEGRADED", _("Degraded performance")
    PARTIAL_OUTAGE = "PARTIAL_OUTAGE", _("Partial outage")
    MAJOR_OUTAGE = "MAJOR_OUTAGE", _("Major outage")


class StatusPage(models.Model):
    environment = models.OneToOneField(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    slug = models.CharField(_("address"), max_length=50, unique=True, validators=[slug])  # /status/<slug>/
    title = models.CharField(_("title"), max_length=100)
    text = models.TextField(_("introduction"), blank=True, max_length=2_000)
    published = models.BooleanField(_("published"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("status page")
        verbose_name_plural = _("status pages")

    def __str__(self) -> str:
        return self.slug


class StatusComponent(models.Model):
    """Its state is the worst of what a person set, of open public incidents that name it, and of its health checks."""

    environment = models.ForeignKey(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    key = models.CharField(_("key"), max_length=50, validators=[slug])
    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=250, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    checks = models.JSONField(_("health checks"), default=list, blank=True)  # keys, in the same environment
    state = models.CharField(_("state"), max_length=20, choices=Impact.choices, default=Impact.OPERATIONAL)  # by hand
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("status component")
        verbose_name_plural = _("status components")
        constraints = [models.UniqueConstraint(fields=["environment", "key"], name="alerts_component_key")]

    def __str__(self) -> str:
        return self.key
