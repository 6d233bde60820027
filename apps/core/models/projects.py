"""Projects and their environments."""

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

slug = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*$",
    _("Use lower-case letters, digits and single hyphens, for example my-project."),
)


MOST_APPROVALS = 10


class Project(models.Model):
    key = models.CharField(_("key"), max_length=50, unique=True, validators=[slug])
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True, max_length=2_000)
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")

    def __str__(self) -> str:
        return self.key


class Environment(models.Model):
    class Kind(models.TextChoices):
        DEVELOPMENT = "DEVELOPMENT", _("Development")
        STAGING = "STAGING", _("Staging")
        PRODUCTION = "PRODUCTION", _("Production")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="environments", verbose_name=_("project")
    )
    key = models.CharField(_("key"), max_length=50, validators=[slug])
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    protected = models.BooleanField(
        _("protected"),
        default=False,
        help_text=_("Changes here need their own permission and always a reason."),
    )
    required_approvals = models.PositiveSmallIntegerField(
        _("required approvals"),
        default=0,
        validators=[MaxValueValidator(MOST_APPROVALS)],
        help_text=_("How many others have to approve a change first. Counts only while protected."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("Order of the columns."))
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("environment")
        verbose_name_plural = _("environments")
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="core_environment_key_in_project"),
            models.CheckConstraint(
                condition=models.Q(required_approvals__lte=MOST_APPROVALS), name="core_environment_approvals"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project}/{self.key}"

    @property
    def approvals_needed(self) -> int:
        return self.required_approvals if self.protected else 0
