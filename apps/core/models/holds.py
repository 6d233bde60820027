"""What a guard last said. An app above writes it, apps below only go on while it is green."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.domain.holds import GUARD_PATTERN

guard_key = RegexValidator(
    GUARD_PATTERN,
    _("Use lower-case letters, digits and single hyphens or underscores, for example error_rate_critical."),
)


class Hold(models.Model):
    class Verdict(models.TextChoices):
        GREEN = "GREEN", _("Green")
        RED = "RED", _("Red")

    environment = models.ForeignKey(
        "core.Environment", on_delete=models.CASCADE, related_name="+", verbose_name=_("environment")
    )
    guard = models.CharField(_("guard"), max_length=100, validators=[guard_key])
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    reason = models.TextField(_("reason"), blank=True, max_length=1_000)
    valid_until = models.DateTimeField(_("valid until"))
    changed_at = models.DateTimeField(_("changed at"))  # when the verdict last became another

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [models.UniqueConstraint(fields=["environment", "guard"], name="core_hold_once")]

    def __str__(self) -> str:
        return self.guard
