"""Alert rules as people edit them, and where each stands: two rows, so that judging never meets an edit."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

rule_key = RegexValidator(
    r"^(?!new$)[a-z][a-z0-9_-]*$",
    _("Start with a letter; then lower-case letters, digits, hyphens and underscores. Not `new`."),
)


class Severity(models.TextChoices):
    INFO = "info", _("Info")
    WARNING = "warning", _("Warning")
    ERROR = "error", _("Error")
    CRITICAL = "critical", _("Critical")


class AlertRule(models.Model):
    environment = models.ForeignKey(
        "core.Environment", on_delete=models.PROTECT, related_name="+", verbose_name=_("environment")
    )
    key = models.CharField(_("key"), max_length=100, validators=[rule_key])
    name = models.CharField(_("name"), max_length=150)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    definition = models.JSONField(_("definition"))  # whole, as the domain writes it
    response = models.JSONField(_("response"), default=dict, blank=True)  # what to do by itself; empty: nothing
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        constraints = [models.UniqueConstraint(fields=["environment", "key"], name="alerts_rule_key")]

    def __str__(self) -> str:
        return self.key


class RuleStanding(models.Model):
    """What a restart must not lose. Written by whoever judges the rule, under its lock."""

    rule = models.OneToOneField(AlertRule, on_delete=models.CASCADE, primary_key=True, related_name="standing")
    instances = models.JSONField(default=list)
    judged_at = models.DateTimeField(_("judged at"), null=True)
    due_at = models.DateTimeField(_("due at"))
    error = models.CharField(_("error"), max_length=500, blank=True)  # of the last query; empty: it had an answer

    class Meta:
        verbose_name = _("standing of a rule")
        verbose_name_plural = _("standings of rules")
        indexes = [models.Index(fields=["due_at"], name="alerts_standing_due")]

    def __str__(self) -> str:
        return str(self.rule)
