"""The history: what is under way as cards, then every deployment of the environment, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.navigation import Scope
from apps.core.pages import Pill
from apps.deployments import selectors
from apps.deployments.domain.access import Action
from apps.deployments.domain.plans import WHOLE, InvalidPlan, parse_plan
from apps.deployments.domain.states import LIVE, WAITING
from apps.deployments.models import Deployment, GateReport, Rollback
from apps.deployments.pages.base import DeploymentsPage, lasted, state_pill
from apps.deployments.selectors.histories import NARROWED, history, under_way

PER_PAGE = 25
CARDS = 20
SHORT = 8  # characters of a commit
STATES = {
    "active": gettext_lazy("Under way"),
    "waiting": gettext_lazy("Waiting"),
    "over": gettext_lazy("Over"),
    "rolled-back": gettext_lazy("Rolled back"),
}
assert STATES.keys() == NARROWED.keys()


@dataclass(frozen=True, slots=True)
class Line:
    """One deployment of the history."""

    row: Deployment
    url: str
    pill: Pill
    message: str
    commit: str
    took: str  # from its first traffic to its end; empty before
    gates: str
    gates_pill: Pill
    before: Sequence[str]
    after: Sequence[str]
    rollback: str  # who or what rolled it back, and how


@dataclass(frozen=True, slots=True)
class Card:
    line: Line
    weight: int  # of the new version, out of 100,000
    share: str
    step: str


class HistoryPage(DeploymentsPage):
    title = gettext_lazy("Deployments")
    template_name = "deployments/list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in ("service", "state", "q")}
        found = history(
            self.environment,
            service=asked["service"],
            state=asked["state"],
            search=asked["q"],
            before=_number(request.GET.get("before", "")),
        )
        rows = list(found[: PER_PAGE + 1])
        return self.render(
            lines=[line_of(row, self.scope, self.at) for row in rows[:PER_PAGE]],
            older=rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None,
            later="before" in request.GET,
            cards=[card_of(row, self.scope, self.at) for row in under_way(self.environment)[:CARDS]],
            asked=asked,
            filtered=any(asked.values()),
            states=STATES.items(),
            services=list(selectors.targets(self.environment)),
            may_start=self.may(Action.REQUEST),
            may_configure=request.user.has_perm("deployments.add_service"),
            curl=record_curl(self.scope) if not rows else "",
        )


def line_of(row: Deployment, scope: Scope, at: datetime) -> Line:
    message = (row.message or row.release.commit_message).strip()
    gates, pill = gates_words(list(row.gates.all()))
    return Line(
        row=row,
        url=detail_url(scope, row.pk),
        pill=state_pill(row),
        message=message.splitlines()[0] if message else "",
        commit=row.release.commit_sha[:SHORT],
        took=_took(row, at),
        gates=gates,
        gates_pill=pill,
        before=health_words(row.health_before),
        after=health_words(row.health_after),
        rollback=_rollback_words(list(row.rollbacks.all())),
    )


def card_of(row: Deployment, scope: Scope, at: datetime) -> Card:
    weight, step = 0, ""
    try:
        plan = parse_plan(row.plan)
    except InvalidPlan:  # one that is too old to be read
        plan = None
    if plan and row.state in LIVE:
        weight = WHOLE if row.whole_at else plan.steps[min(row.position, len(plan.steps) - 1)].weight
    if plan and row.state not in WAITING and len(plan.steps) > 1:
        step = _("step %(n)d of %(count)d") % {"n": row.position + 1, "count": len(plan.steps)}
    return Card(line_of(row, scope, at), weight, f"{weight / (WHOLE / 100):g} %", step)


def detail_url(scope: Scope, pk: int) -> str:
    return reverse("admin:deployment-detail", args=[*scope.kwargs.values(), pk])


def gates_words(reports: Sequence[GateReport]) -> tuple[str, Pill]:
    """How many said what, such as "5 passed, 1 overridden"; those that nobody asked for do not count."""
    verdict = GateReport.Verdict
    asked = [report for report in reports if report.verdict != verdict.NOT_ASKED]
    counts = {one: sum(report.verdict == one for report in asked) for one in verdict}
    words = [f"{counts[one]} {str(one.label).lower()}" for one in verdict if counts[one]]
    if not asked:
        return "", Pill("off", _("None asked"))
    if counts[verdict.FAILED]:
        pill = Pill("killed", str(verdict.FAILED.label))
    elif counts[verdict.WAITING]:
        pill = Pill("warn", str(verdict.WAITING.label))
    elif counts[verdict.OVERRIDDEN]:
        pill = Pill("locked", str(verdict.OVERRIDDEN.label))
    else:
        pill = Pill("on", str(verdict.PASSED.label))
    return ", ".join(words), pill


def health_words(found: Mapping[str, Any]) -> list[str]:
    """Share of errors, p95 and requests of the last minutes; nothing where nothing was known."""
    words = []
    if isinstance(found.get("error_share"), int | float):
        words.append(_("%(share)s %% errors") % {"share": f"{found['error_share'] * 100:.3g}"})
    if isinstance(found.get("p95_ms"), int | float):
        words.append(_("p95 %(ms)s ms") % {"ms": f"{found['p95_ms']:,.0f}"})
    if isinstance(found.get("requests"), int | float):
        words.append(_("%(count)s requests") % {"count": f"{found['requests']:,.0f}"})
    return words


def record_curl(scope: Scope) -> str:
    """One command that records a deployment that was done elsewhere."""
    address = f"/api/v1/projects/{scope.project.key}/environments/{scope.environment.key}/deployments/"
    return (
        f"curl -X POST {settings.PUBLIC_URL.rstrip('/')}{address} \\\n"
        '  -H "Authorization: Bearer $PULSEOPS_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        '  -d \'{"elsewhere": true, "service": "web", "version": "1.4.2",\n'
        '       "release": {"commit_sha": "4f2a91c"}, "reason": "Gift cards at the checkout"}\''
    )


def _took(row: Deployment, at: datetime) -> str:
    """Whoever records a deployment need not say when it began."""
    if row.traffic_at is None or row.traffic_at == row.ended_at:
        return ""
    return lasted(((row.ended_at or at) - row.traffic_at).total_seconds())


def _rollback_words(rows: Sequence[Rollback]) -> str:
    if not rows:
        return ""
    last = rows[-1]
    who = _("automatic: %(trigger)s") % {"trigger": last.trigger} if last.automatic else last.asked_by_label
    return f"{last.get_method_display()} ({who})"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


urlpatterns = [path("deployments/", HistoryPage.as_view(), name="deployment-list")]
