"""What is deployed: services, their releases, and where each runs with its two slots."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models.projects import slug


class Strategy(models.TextChoices):
    BLUE_GREEN = "BLUE_GREEN", _("Blue-green")
    CANARY = "CANARY", _("Canary")


class Service(models.Model):
    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    key = models.CharField(_("key"), max_length=50, validators=[slug])
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True, max_length=2_000)
    repository_url = models.URLField(_("repository"), blank=True)
    checklist = models.JSONField(_("checklist"), null=True, blank=True)  # null: the usual items
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="deployments_service_key")]

    def __str__(self) -> str:
        return self.key


class Release(models.Model):
    """A version that was built. It never changes."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="releases", verbose_name=_("service"))
    number = models.CharField(_("version"), max_length=100)
    commit_sha = models.CharField(_("commit"), max_length=64, blank=True)
    commit_message = models.TextField(_("commit message"), blank=True)
    commit_author = models.CharField(_("commit author"), max_length=150, blank=True)
    committed_at = models.DateTimeField(_("committed at"), null=True, blank=True)
    artifact = models.CharField(_("artifact"), max_length=500, blank=True)  # what an agent fetches: an image, a URL
    flags = ArrayField(models.CharField(max_length=100), verbose_name=_("flags"), default=list, blank=True)
    contracts = models.BooleanField(  # then the version before cannot be switched back to
        _("contracts the database"),
        default=False,
        help_text=_("It removes from the database what the version before needs."),
    )
    created_at = models.DateTimeField(_("created at"))
    created_by_label = models.CharField(_("created by"), max_length=150)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        constraints = [models.UniqueConstraint(fields=["service", "number"], name="deployments_release_once")]
        indexes = [models.Index(fields=["service", "-id"], name="deployments_release_newest")]

    def __str__(self) -> str:
        return self.number


class Target(models.Model):
    """A service in one environment: how it is deployed there, and what moves its traffic."""

    class Driver(models.TextChoices):
        CADDY = "CADDY", _("Caddy")
        HAPROXY = "HAPROXY", _("HAProxy")
        EXTERNAL = "EXTERNAL", _("Somebody else")

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="targets", verbose_name=_("service"))
    environment = models.ForeignKey(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    strategy = models.CharField(_("strategy"), max_length=12, choices=Strategy.choices, default=Strategy.BLUE_GREEN)
    steps = models.JSONField(_("canary steps"), default=list, blank=True)
    watch_seconds = models.PositiveIntegerField(_("watch in seconds"), default=3_600)
    driver = models.CharField(_("traffic driver"), max_length=10, choices=Driver.choices, default=Driver.EXTERNAL)
    driver_config = models.JSONField(_("driver configuration"), default=dict, blank=True)
    agent_url = models.CharField(_("agent"), max_length=500, blank=True)  # is asked to bring releases up, and to stop
    agent_secret = models.BinaryField(default=b"", blank=True)  # its calls are signed with it; encrypted
    health_path = models.CharField(_("health path"), max_length=200, default="/healthz")
    smoke = models.JSONField(_("smoke tests"), default=list, blank=True)
    judge = models.JSONField(_("judge"), default=dict, blank=True)
    gates = models.JSONField(_("gates"), default=dict, blank=True)  # which are asked for: see domain/gates.py
    windows = models.JSONField(_("calendar"), null=True, blank=True)  # null: the usual days
    guards = ArrayField(models.CharField(max_length=100), verbose_name=_("guards"), default=list, blank=True)
    prepare_seconds = models.PositiveIntegerField(_("seconds to become healthy"), default=900)
    drain_seconds = models.PositiveIntegerField(_("seconds to drain"), default=30)
    stops_old = models.BooleanField(_("stops the old slot after the watch"), default=False)
    live_slot = models.CharField(_("live slot"), max_length=20, default="blue")
    live_release = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("live version")
    )
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("deployment target")
        verbose_name_plural = _("deployment targets")
        constraints = [models.UniqueConstraint(fields=["service", "environment"], name="deployments_target_once")]

    def __str__(self) -> str:
        return f"{self.service.key} in {self.environment.key}"


class Slot(models.Model):
    """One of the two places where a version of a service can run side by side."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="slots", verbose_name=_("target"))
    name = models.CharField(_("name"), max_length=20)  # blue or green
    url = models.CharField(_("address"), max_length=300, blank=True)  # where it is probed
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("version")
    )
    weight = models.PositiveIntegerField(_("weight"), null=True)  # as last read of the proxy
    reported_weight = models.PositiveIntegerField(null=True)  # by whoever moves the traffic, where we do not
    healthy = models.BooleanField(_("healthy"), null=True)
    told = models.CharField(_("last probe"), max_length=300, blank=True)
    seen_at = models.DateTimeField(_("seen at"), null=True)

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        constraints = [models.UniqueConstraint(fields=["target", "name"], name="deployments_slot_once")]

    def __str__(self) -> str:
        return self.name
