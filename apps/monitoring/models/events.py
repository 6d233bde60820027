"""Tracked events, as apps send them. Partitioned by the day of `at`; written by COPY, each event id once a day."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrackedEvent(models.Model):
    """Readers follow by (`transaction`, `position`) up to the oldest transaction that is still open: one that goes by
    ids or times passes by what commits late."""

    pk = models.CompositePrimaryKey("environment_id", "day", "event_id")
    environment = models.ForeignKey(
        "core.Environment", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    day = models.DateField()  # of `at`, UTC
    event_id = models.UUIDField(_("event id"))
    name = models.CharField(_("name"), max_length=200)
    targeting_key = models.CharField(_("targeting key"), max_length=200)  # empty: not known
    anonymous_id = models.CharField(_("anonymous id"), max_length=200)  # empty: none
    properties = models.JSONField(_("properties"))
    at = models.DateTimeField(_("at"))
    received_at = models.DateTimeField(_("received at"))
    transaction = models.BigIntegerField()
    position = models.IntegerField()  # in its transaction, as events came in

    class Meta:
        managed = False
        db_table = "monitoring_trackedevent"
        verbose_name = _("tracked event")
        verbose_name_plural = _("tracked events")

    def __str__(self) -> str:
        return self.name


class RefusedEvent(models.Model):
    """What was wrong with an item that an app sent: kept for a day, so that developers can look."""

    environment = models.ForeignKey("core.Environment", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("reason"), max_length=300)
    excerpt = models.CharField(_("excerpt"), max_length=500)

    class Meta:
        verbose_name = _("refused event")
        verbose_name_plural = _("refused events")
        indexes = [models.Index(fields=["environment", "-at"], name="monitoring_refused_newest")]

    def __str__(self) -> str:
        return self.reason
