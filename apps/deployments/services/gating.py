"""What the portal knows when a deployment is about to move: gates, judge and triggers. Private to services."""

from collections.abc import Sequence
from datetime import datetime

from apps.core import holds
from apps.core.domain.holds import GuardVerdict
from apps.deployments.domain.gates import CHECKED, CLOSING, MOVING, Answer, Gate, in_the_way
from apps.deployments.domain.moves import Facts, Standing
from apps.deployments.domain.states import LIVE, WAITING, State
from apps.deployments.models import Deployment, GateReport
from apps.deployments.selectors import gates
from apps.deployments.services import judging


def facts_of(row: Deployment, now: Standing, at: datetime) -> Facts:
    """Read and, as far as people want to see it, kept."""
    if now.state not in LIVE and now.state not in WAITING and now.state is not State.READY:
        return Facts()
    closing = CLOSING if now.state in WAITING else MOVING
    answers = gates.answers(row, at, Gate if now.state in WAITING else MOVING)  # the others were passed
    keep_reports(row, answers, at)
    looked = judging.look(row, now, at)
    return Facts(
        failed=in_the_way(answers, CHECKED),
        unapproved=in_the_way(answers, [Gate.APPROVALS]),
        closed=in_the_way(answers, closing),
        red="; ".join(f"{one.name}: {one.words}" for one in _red(row, at)),
        inconclusive=looked.inconclusive,
        alarm=looked.alarm,
    )


def keep_reports(row: Deployment, answers: Sequence[Answer], at: datetime) -> None:
    """One row for each gate; `changed_at` is since when it says so."""
    known = {report.gate: report for report in row.gates.all()}
    made: list[GateReport] = []
    turned: list[GateReport] = []
    for answer in answers:
        report = known.get(answer.gate.value) or GateReport(deployment=row, gate=answer.gate.value, changed_at=at)
        if report.pk and (report.verdict, report.reason, report.opens_at) == _said(answer):
            continue
        if report.verdict != answer.verdict.value:
            report.changed_at = at
        report.verdict, report.reason, report.opens_at = _said(answer)
        (turned if report.pk else made).append(report)
    GateReport.objects.bulk_create(made)
    GateReport.objects.bulk_update(turned, ["verdict", "reason", "opens_at", "changed_at"])


def _said(answer: Answer) -> tuple[str, str, datetime | None]:
    return answer.verdict.value, answer.reason, answer.opens_at


def _red(row: Deployment, at: datetime) -> list[GuardVerdict]:
    return [one for one in holds.verdicts(row.target.environment_id, row.target.guards, at) if not one.green]
