"""Alerts and rules as people read them."""

from django.utils.translation import gettext as _

from apps.alerts.domain.parsing import parse_rule
from apps.alerts.domain.rules import Rule
from apps.alerts.models import Alert, AlertRule, Notification, Severity
from apps.core.pages import Pill
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.wording import duration

TONES = {Severity.CRITICAL: "killed", Severity.ERROR: "killed", Severity.WARNING: "warn", Severity.INFO: "info"}


def severity(value: str) -> Pill:
    return Pill(TONES[Severity(value)], str(Severity(value).label))


def condition_of(row: AlertRule) -> str:
    """Of a rule that may be too old to be read."""
    try:
        return condition_words(parse_rule(row.definition))
    except InvalidDefinition as fault:
        return _("cannot be read: %s") % fault


def condition_words(rule: Rule) -> str:
    """As in "ratio of http_errors_total over 1 minute above 5 %, for 5 minutes"."""
    query = rule.query
    of = f"{query.aggregate} of {query.metric} over {duration(query.window_seconds)}"
    change = f", as a change against {rule.relative.baseline.words}," if rule.relative else ""
    held = f", for {duration(rule.for_seconds)}" if rule.for_seconds else ""
    return f"{of}{change} {rule.comparison.words} {rule.in_words(rule.threshold)}{held}"


def value_words(alert: Alert) -> str:
    """The value against the threshold, as in "7.2 %, allowed 5 %"."""
    rule = parse_rule(alert.definition)
    if alert.value is None:
        return "no data"
    return f"{rule.in_words(alert.value)}, {rule.comparison.words} {rule.in_words(rule.threshold)}"


_FARED = {Notification.Status.SENT: "on", Notification.Status.FAILED: "killed", Notification.Status.MUTED: "off"}


def delivery(status: str | None, error: str | None) -> Pill | None:
    """How a notice fared; None when there was none."""
    if status is None:
        return None
    if status == Notification.Status.PENDING and error:
        return Pill("warn", _("Tried again soon"))
    known = Notification.Status(status)
    return Pill(_FARED.get(known, "info"), str(known.label))
