"""What the judge said of a deployment, look by look."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.deployments.models.deployments import Deployment


class Analysis(models.Model):
    class Verdict(models.TextChoices):
        GOOD = "GOOD", _("Good")
        INCONCLUSIVE = "INCONCLUSIVE", _("Inconclusive")
        BAD = "BAD", _("Bad")

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="analyses")
    position = models.PositiveSmallIntegerField(_("step"))
    look = models.PositiveIntegerField(_("look"))
    verdict = models.CharField(_("verdict"), max_length=15, choices=Verdict.choices)
    words = models.TextField(_("reason"))
    findings = models.JSONField(_("findings"), default=list)  # one for each metric, with numbers and interval
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("analysis")
        verbose_name_plural = _("analyses")
        constraints = [models.UniqueConstraint(fields=["deployment", "position", "look"], name="deployments_look_once")]

    def __str__(self) -> str:
        return f"{self.verdict} at look {self.look}"
