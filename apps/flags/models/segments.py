"""Named groups of users, with members per environment, both kept so that the past can be read."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.flags.models.validity import ValidityQuerySet

segment_key = RegexValidator(
    r"^(?!(all|new)$)[a-z0-9]+(-[a-z0-9]+)*$",
    _("Use lower-case letters, digits and single hyphens. Not `all`, which means everyone, nor `new`."),
)


class Segment(models.Model):
    project = models.ForeignKey("core.Project", on_delete=models.PROTECT, related_name="+", verbose_name=_("project"))
    key = models.CharField(_("key"), max_length=100, validators=[segment_key])
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True, max_length=2_000)
    rule = models.JSONField(_("rule"), null=True, blank=True, default=None)  # a condition; null adds nobody
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="flags_segment_key_in_project")]

    def __str__(self) -> str:
        return self.key


class SegmentMember(models.Model):
    """A stretch of time that a user was in. A user who came back has one row for each stretch."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="members")
    environment = models.ForeignKey("core.Environment", on_delete=models.PROTECT, related_name="+")
    targeting_key = models.CharField(_("targeting key"), max_length=200)
    valid_from = models.DateTimeField(_("member since"))
    valid_to = models.DateTimeField(_("member until"), null=True, blank=True)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment member")
        verbose_name_plural = _("segment members")
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "environment", "targeting_key"],
                condition=models.Q(valid_to=None),
                name="flags_member_once",
            )
        ]
        indexes = [models.Index(fields=["environment", "targeting_key"], name="flags_member_of")]

    def __str__(self) -> str:
        return self.targeting_key


class SegmentVersion(models.Model):
    """What a segment's rule was. `number` is the version of the segment that brought the rule."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    rule = models.JSONField(_("rule"), null=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment version")
        verbose_name_plural = _("segment versions")
        constraints = [
            models.UniqueConstraint(fields=["segment", "number"], name="flags_segment_version_number"),
            models.UniqueConstraint(
                fields=["segment"], condition=models.Q(valid_to=None), name="flags_segment_version_one_present"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} v{self.number}"
