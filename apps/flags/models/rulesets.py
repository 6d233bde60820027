"""The version counter of an environment's flags. Bumped in the transaction of every change, so it orders them."""

from django.db import models


class Ruleset(models.Model):
    environment = models.OneToOneField("core.Environment", on_delete=models.CASCADE, primary_key=True, related_name="+")
    version = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.environment_id} v{self.version}"
