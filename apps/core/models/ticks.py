"""When each periodic part last ran, so that `/readyz` can tell a dead one."""

from django.db import models


class Tick(models.Model):
    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
