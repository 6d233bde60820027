"""How often each variant was served, by the hour, and what each flag served last."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FlagUsage(models.Model):
    flag = models.ForeignKey("flags.Flag", on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey("core.Environment", on_delete=models.CASCADE, related_name="+")
    variant = models.CharField(_("variant"), max_length=100)
    hour = models.DateTimeField(_("hour"))  # its start, UTC
    count = models.PositiveBigIntegerField(_("evaluations"))

    class Meta:
        verbose_name = _("flag usage")
        verbose_name_plural = _("flag usage")
        constraints = [
            models.UniqueConstraint(fields=["flag", "environment", "variant", "hour"], name="flags_usage_once_an_hour")
        ]
        indexes = [models.Index(fields=["environment", "hour"], name="flags_usage_recent")]

    def __str__(self) -> str:
        return f"{self.flag_id} {self.variant} {self.hour:%Y-%m-%d %H}h"


class FlagActivity(models.Model):
    """What a flag served last in one environment. A state without one was never evaluated."""

    state = models.OneToOneField(
        "flags.FlagState", on_delete=models.CASCADE, primary_key=True, related_name="activity", verbose_name=_("state")
    )
    last_served_at = models.DateTimeField(_("last served at"))
    variant = models.CharField(_("variant"), max_length=100)  # the one served last
    since = models.DateTimeField(_("alone since"))  # from then on no other variant was served

    class Meta:
        verbose_name = _("flag activity")
        verbose_name_plural = _("flag activity")

    def __str__(self) -> str:
        return f"{self.state_id} {self.variant} {self.last_served_at:%Y-%m-%d %H:%M}"
