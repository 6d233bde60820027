"""Rows that are closed instead of deleted, so that the past can be read: `valid_from` on, until just before
`valid_to`, which is empty while they hold."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q


class ValidityQuerySet(models.QuerySet[Any]):
    def present(self) -> Self:
        return self.filter(valid_to=None)

    def held_at(self, at: datetime) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=at), valid_from__lte=at)
