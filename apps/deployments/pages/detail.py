"""The page of one deployment with all that is known of it, and the parts of it that follow by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import path
from django.utils.translation import gettext as _

from apps.core import panels
from apps.core import selectors as core
from apps.core.models import ChangeRequest, Vote
from apps.core.pages import Pill
from apps.deployments.domain.access import Action
from apps.deployments.domain.states import CANCELLABLE, LIVE, OVER, State, Task
from apps.deployments.forms.steering import CommentForm, VoteForm
from apps.deployments.live.news import PREFIX as NEWS
from apps.deployments.live.news import token_of
from apps.deployments.models import Deployment, DeploymentStep, Rollback
from apps.deployments.pages import checklist, progress, verdicts
from apps.deployments.pages.base import DeploymentPage, Refusal, lasted, state_pill
from apps.deployments.selectors import rollbacks
from apps.deployments.selectors.gates import approvals_needed, request_of
from apps.flags import selectors as flags

LOGGED, ENTRIES = 60, 50  # steps and entries of the trail that are shown
STEP_TONES = {"RUNNING": "info", "DONE": "on", "FAILED": "killed"}
BACK_TONES = {"RUNNING": "info", "DONE": "on", "FAILED": "killed"}
FLAG_TONES = {"on": "on", "off": "off", "killed": "killed"}


@dataclass(frozen=True, slots=True)
class Logged:
    row: DeploymentStep
    pill: Pill
    share: str
    took: str


@dataclass(frozen=True, slots=True)
class Back:
    row: Rollback
    pill: Pill
    target: str
    took: str  # until traffic was back; empty while it is not
    missed: bool
    verified: str


class ShownDeployment(DeploymentPage):
    """Draws the page; its subclasses say with what was refused."""

    def show(self, refusal: Refusal | None = None, template_name: str = "deployments/detail.html") -> HttpResponse:
        row = self.row
        shown = progress.slots(row)
        weights, traffic = progress.traffic(shown)
        looks, earlier = verdicts.looks(row)
        gates = verdicts.gates(row)
        hold, hold_until = progress.hold_words(row, self.at)
        steps = sorted(row.steps.all(), key=lambda one: one.pk, reverse=True)
        return self.render(
            template_name,
            status=refusal.status if refusal else 200,
            title=self.heading,
            crumbs=[(_("Deployments"), self.url("deployment-list"))],
            refusal=refusal,
            deployment=row,
            pill=state_pill(row),
            hold=hold,
            hold_until=hold_until,
            over=row.state in OVER,
            commit_url=commit_url(row.target.service.repository_url, row.release.commit_sha),
            phases=[] if row.elsewhere else progress.phases(row, self.at),
            steps=progress.steps(row, self.at),
            slots=shown,
            weights=weights,
            traffic=traffic,
            gates=gates,
            asked=[one for one in gates if not one.unasked],
            unasked=[one for one in gates if one.unasked],
            checklist=checklist.checklist(row, self.at),
            looks=looks,
            earlier_looks=earlier,
            log=[logged(one) for one in steps[:LOGGED]],
            earlier_steps=max(len(steps) - LOGGED, 0),
            health=verdicts.health(row),
            backs=[self._back(one) for one in sorted(row.rollbacks.all(), key=lambda one: one.pk, reverse=True)],
            flags=self._flags(),
            entries=core.audit_of(row._meta.label_lower, row.pk)[:ENTRIES],
            news=NEWS + token_of(row.pk),
            panels=panels.of("deployment", pk=row.pk, environment=self.environment, user=self.request.user, at=self.at),
            confirm_form=CommentForm(auto_id="confirm_%s"),
            **self._approvals(),
            **self._deeds(),
        )

    def _approvals(self) -> dict[str, Any]:
        """Who is asked, who answered, and whether this person may."""
        row, request = self.row, request_of(self.row)
        votes: Sequence[Vote] = list(request.votes.all()) if request else []
        waits = row.state in Deployment.WAITING and request is not None and _is_open(request)
        voted = any((vote.voter_kind, vote.voter_id) == (self.actor.kind, self.actor.id) for vote in votes)
        may = waits and self.may(Action.APPROVE)
        return {
            "approvals_needed": approvals_needed(row),
            "votes": votes,
            "asks": waits,
            "own": waits and self.is_author,
            "may_vote": may and not self.is_author and not voted,
            "vote_form": VoteForm(initial={"plan": row.plan_digest}, auto_id="vote_%s"),
        }

    def _deeds(self) -> dict[str, bool]:
        """What this person may do to it now. A service has the last word."""
        row, state = self.row, State(self.row.state)
        steer = self.may(Action.STEER)
        step = row.plan["steps"][row.position]
        stands = state in (State.ROLLING, State.PAUSED) and step["needs_approval"] and not row.step_approved_by_label
        is_watched = state is State.WATCHING or row.paused_from == State.WATCHING
        return {
            "may_steer": steer,
            "may_cancel": steer and state in CANCELLABLE,
            "may_pause": steer and state in LIVE and state is not State.PAUSED,
            "may_resume": steer and state is State.PAUSED,
            "may_skip": steer and state in LIVE and (is_watched or not stands),
            "is_watched": is_watched,
            "asks_step": bool(stands) and not is_watched,
            "may_approve_step": bool(stands) and not is_watched and not self.is_author and self.may(Action.APPROVE),
            "may_override": self.may(Action.OVERRIDE),
            "may_roll_back": self.may(Action.ROLL_BACK) and self._leads_back(),
            "may_confirm": self.may(Action.ROLL_BACK),
            "may_redeploy": state in OVER and self.may(Action.REQUEST),
        }

    def _leads_back(self) -> bool:
        """While users are on it, always, as the page also tells what is in the way. Later, where a way is left."""
        row = self.row
        if row.state in LIVE:
            return True
        ended = row.state == State.SUCCEEDED and not row.elsewhere
        return ended and any(option.possible for option in rollbacks.options(row))

    def _back(self, row: Rollback) -> Back:
        moved = (row.moved_at - row.asked_at).total_seconds() if row.moved_at else None
        so_far = moved if moved is not None else (self.at - row.asked_at).total_seconds()
        return Back(
            row,
            Pill(BACK_TONES[row.status], str(row.get_status_display())),
            lasted(row.target_seconds),
            lasted(moved) if moved is not None else "",
            so_far > row.target_seconds,
            lasted((row.verified_at - row.asked_at).total_seconds()) if row.verified_at else "",
        )

    def _flags(self) -> list[tuple[str, Pill]]:
        """The release's flags with their state here."""
        keys = self.row.release.flags
        known = {flag.key: flag.status.value for flag in flags.flags_in(self.environment.pk, keys)} if keys else {}
        words = {"on": _("On"), "off": _("Off"), "killed": _("Killed")}
        missing = Pill("warn", _("not there"))
        return [(key, Pill(FLAG_TONES[known[key]], words[known[key]]) if key in known else missing) for key in keys]


class DetailPage(ShownDeployment):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()


class ProgressPage(ShownDeployment):
    """Only the parts that change by themselves; deployment.js puts them in place of the old ones. Whoever has them
    already gets nothing, as every open page asks every two seconds."""

    def get(self, request: HttpRequest) -> HttpResponse:
        stamp = progress.stamp(self.row, self.at)
        if request.headers.get("If-None-Match") == stamp:
            return HttpResponseNotModified()
        answer = self.show(template_name="deployments/progress.html")
        answer.headers["ETag"] = stamp
        return answer


def logged(row: DeploymentStep) -> Logged:
    took = lasted((row.ended_at - row.began_at).total_seconds()) if row.ended_at else ""
    moves = row.task in {Task.SHIFT, Task.HOLD} and row.weight is not None
    share = f"{(row.weight or 0) / 1_000:g} %" if moves else ""
    return Logged(row, Pill(STEP_TONES[row.status], str(row.get_status_display())), share, took)


def commit_url(repository: str, sha: str) -> str:
    """Where GitHub, GitLab, Gitea and their like show a commit; empty where the address is none of theirs."""
    parts = urlsplit(repository)
    path = parts.path.strip("/").removesuffix(".git")
    if not sha or parts.scheme not in ("http", "https") or path.count("/") < 1:
        return ""
    return f"{parts.scheme}://{parts.netloc}/{path}/commit/{sha}"


def _is_open(request: ChangeRequest) -> bool:
    return bool(request.status == ChangeRequest.Status.PENDING)


urlpatterns = [
    path("deployments/<int:deployment>/", DetailPage.as_view(), name="deployment-detail"),
    path("deployments/<int:deployment>/progress/", ProgressPage.as_view(), name="deployment-progress"),
]
