"""The gates and their verdicts, for people."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Label
from apps.deployments.domain.gates import Gate, Verdict

NAMES: Mapping[Gate, Label] = {
    Gate.STAGING: _("Same commit on staging"),
    Gate.CHECKLIST: _("Checklist"),
    Gate.EVIDENCE: _("Evidence from CI"),
    Gate.BACKUP: _("Backup taken"),
    Gate.APPROVALS: _("Approvals"),
    Gate.CALENDAR: _("Deploy calendar"),
    Gate.HOLDS: _("Incidents and guards"),
    Gate.LOCK: _("One at a time"),
}
TONES: Mapping[Verdict, str] = {
    Verdict.PASSED: "on",
    Verdict.WAITING: "warn",
    Verdict.FAILED: "killed",
    Verdict.NOT_ASKED: "off",
    Verdict.OVERRIDDEN: "locked",
}
