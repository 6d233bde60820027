"""The gates and what each asks, for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Label
from apps.core.pages import Pill
from apps.deployments.domain.gates import Answer, Gate, Verdict
from apps.deployments.models import GateReport

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
ASKS: Mapping[Gate, Label] = {
    Gate.STAGING: _("The same commit has to have succeeded on staging. Counts in production alone."),
    Gate.CHECKLIST: _("Every required item of the service's checklist has to be passed."),
    Gate.EVIDENCE: _("What CI found of the commit has to be good. Nothing reports it yet."),
    Gate.BACKUP: _("A verified backup has to be young enough. Nothing reports it yet."),
    Gate.CALENDAR: _("It has to be within the deploy windows, and outside of every freeze."),
    Gate.HOLDS: _("No incident may be open, and every guard has to be green."),
}
TONES = {
    Verdict.PASSED: "on",
    Verdict.WAITING: "warn",
    Verdict.FAILED: "killed",
    Verdict.NOT_ASKED: "off",
    Verdict.OVERRIDDEN: "locked",
}


@dataclass(frozen=True, slots=True)
class Said:
    name: Label
    pill: Pill
    answer: Answer


def said(answers: Iterable[Answer]) -> list[Said]:
    return [
        Said(
            NAMES[one.gate],
            Pill(TONES[one.verdict], str(GateReport.Verdict(one.verdict.value).label)),
            one,
        )
        for one in answers
    ]
