"""Flags, their variants, and what each serves in each environment, kept by version."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.flags.domain.engine.definitions import FlagType
from apps.flags.domain.staleness import Purpose as FlagPurpose
from apps.flags.models.validity import ValidityQuerySet

flag_key = RegexValidator(
    r"^(?!new$)[A-Za-z][A-Za-z0-9._-]*$",
    _("Start with a letter; then letters, digits, dots, hyphens and underscores, such as checkout-v2. Not `new`."),
)


class Flag(models.Model):
    class Type(models.TextChoices):
        BOOLEAN = FlagType.BOOLEAN, _("Boolean")
        STRING = FlagType.STRING, _("String")
        INTEGER = FlagType.INTEGER, _("Integer")
        FLOAT = FlagType.FLOAT, _("Float")
        OBJECT = FlagType.OBJECT, _("JSON object")

    class Purpose(models.TextChoices):
        RELEASE = FlagPurpose.RELEASE, _("Release")
        EXPERIMENT = FlagPurpose.EXPERIMENT, _("Experiment")
        OPERATIONAL = FlagPurpose.OPERATIONAL, _("Operational")
        PERMISSION = FlagPurpose.PERMISSION, _("Permission")

    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    key = models.CharField(_("key"), max_length=100, validators=[flag_key])
    name = models.CharField(_("name"), max_length=150)
    description = models.TextField(_("description"), blank=True, max_length=2_000)
    type = models.CharField(_("type"), max_length=10, choices=Type.choices)
    tags = ArrayField(models.CharField(max_length=50), verbose_name=_("tags"), default=list, blank=True, size=20)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    client_exposed = models.BooleanField(
        _("visible to client keys"),
        default=False,
        help_text=_("Client keys are public: expose only what anyone may see."),
    )
    purpose = models.CharField(
        _("purpose"),
        max_length=12,
        choices=Purpose.choices,
        default=Purpose.RELEASE,
        help_text=_("Release and experiment flags are meant to go; operational and permission flags may stay."),
    )
    expected_end = models.DateField(
        _("expected end"),
        null=True,
        blank=True,
        help_text=_("The day by which its code should be gone. Afterwards the flag counts as stale."),
    )
    salt = models.CharField(max_length=100, editable=False)
    created_at = models.DateTimeField(_("created at"))
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        permissions = [
            ("kill_flag", _("Can kill a flag and lift the kill")),
            ("approve_change", _("Can approve what others propose")),
            ("change_protected", _("Can change flags in protected environments")),
        ]
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="flags_flag_key_in_project")]

    def __str__(self) -> str:
        return self.key


class Variant(models.Model):
    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="variants", verbose_name=_("flag"))
    key = models.CharField(_("key"), max_length=100, validators=[flag_key])
    value = models.JSONField(_("value"))
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        constraints = [
            models.UniqueConstraint(fields=["flag", "key"], name="flags_variant_key_in_flag"),
            models.UniqueConstraint(
                fields=["flag", "position"],
                name="flags_variant_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.key


class FlagStateQuerySet(models.QuerySet["FlagState"]):
    def in_use(self) -> Self:
        """Without those of archived flags, which no ruleset holds."""
        return self.filter(flag__archived_at=None)


class FlagState(models.Model):
    class Status(models.TextChoices):
        ON = "ON", _("On")
        OFF = "OFF", _("Off")
        KILLED = "KILLED", _("Killed")

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="states", verbose_name=_("flag"))
    environment = models.ForeignKey(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OFF)
    rules = models.JSONField(_("rules"), default=list, blank=True)
    default_variant = models.CharField(_("default variant"), max_length=100)
    off_variant = models.CharField(_("off variant"), max_length=100)
    prerequisites = models.JSONField(_("prerequisites"), default=list, blank=True)
    overrides = models.JSONField(_("overrides"), default=list, blank=True)
    changed_at = models.DateTimeField(_("changed at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = FlagStateQuerySet.as_manager()

    class Meta:
        verbose_name = _("flag state")
        verbose_name_plural = _("flag states")
        constraints = [models.UniqueConstraint(fields=["flag", "environment"], name="flags_state_per_environment")]

    def __str__(self) -> str:
        return f"{self.flag} in {self.environment.key}"


class FlagStateVersion(models.Model):
    """One past or present version, whole: enough to evaluate the flag as it was at any moment.

    `definition` holds type, salt, variants, client_exposed, status, rules, default_variant, off_variant,
    prerequisites and overrides.
    """

    state = models.ForeignKey(FlagState, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    entry = models.ForeignKey("core.AuditEntry", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("flag state version")
        verbose_name_plural = _("flag state versions")
        constraints = [
            models.UniqueConstraint(fields=["state", "number"], name="flags_version_number"),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(valid_to=None), name="flags_version_one_present"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state_id} v{self.number}"
