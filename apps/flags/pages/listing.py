"""All flags of the project, a column per environment, the present one in front."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.core import selectors as core
from apps.core.models import Environment
from apps.flags import selectors
from apps.flags.domain.access import Action
from apps.flags.models import Flag, RolloutPlan
from apps.flags.pages.base import FlagsPage
from apps.flags.pages.plan_words import state_pill
from apps.flags.pages.words import Pill
from apps.flags.selectors import overview
from apps.flags.selectors.overview import LastChange

PER_PAGE = 25
TABS = {
    "all": _("All"),
    "on": _("On"),
    "rolling-out": _("Rolling out"),
    "off": _("Off"),
    "killed": _("Killed"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One flag in one environment."""

    environment: Environment
    pill: Pill
    last: LastChange | None
    status: str
    present: bool


@dataclass(frozen=True, slots=True)
class Row:
    flag: Flag
    cells: list[Cell]
    evaluations: int

    @property
    def here(self) -> Cell:
        return next(cell for cell in self.cells if cell.present)


class ListPage(FlagsPage):
    title = _("Flags")
    template_name = "flags/list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        search, tag, tab = (request.GET.get(name, "").replace("\0", "").strip() for name in ("q", "tag", "status"))
        matching = selectors.flags(self.project, search=search, tag=tag)
        counts = overview.tab_counts(matching, self.environment)
        found = selectors.flags_with_states(overview.flags_in_tab(matching, self.environment, tab))
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        return self.render(
            page=page,
            rows=self._rows(page),
            columns=list(core.environments(self.project)),
            tabs=self._tabs(counts, tab if tab in TABS else "all"),
            q=search,
            tag=tag,
            tab=tab,
            tags=overview.tags_in_use(self.project),
            narrowed=bool(search or tag or tab),
            may_create=self.may(Action.CREATE),
            may_change=self.may(Action.CHANGE_STATE),
            may_kill=self.may(Action.KILL),
        )

    def _tabs(self, counts: dict[str, int], current: str) -> list[dict[str, Any]]:
        return [
            {"name": name, "label": label, "count": counts[name], "current": name == current}
            for name, label in TABS.items()
        ]

    def _rows(self, page: Page[Flag]) -> list[Row]:
        used = selectors.usage_totals(self.project, since=self.at - timedelta(days=1))
        states = [state for flag in page for state in flag.states.all()]
        last = overview.last_changes(states)
        plans = selectors.open_rollouts(states)
        return [Row(flag, self._cells(flag, last, plans), used.get((flag.pk, self.environment.pk), 0)) for flag in page]

    def _cells(self, flag: Flag, last: dict[int, LastChange], plans: dict[int, RolloutPlan]) -> list[Cell]:
        return [
            Cell(
                environment=state.environment,
                pill=state_pill(state, plans.get(state.pk)),
                last=last.get(state.pk),
                status=state.status,
                present=state.environment_id == self.environment.pk,
            )
            for state in flag.states.all()
        ]
