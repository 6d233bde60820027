"""All flags of the project, a column per environment, the present one in front."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.core import selectors as core
from apps.core.models import Environment
from apps.core.pages import Pill
from apps.flags import selectors
from apps.flags.domain.access import Action
from apps.flags.domain.staleness import Stale
from apps.flags.models import Flag
from apps.flags.pages import usage
from apps.flags.pages.base import FlagsPage
from apps.flags.pages.kills import REASON
from apps.flags.pages.plan_words import state_pill
from apps.flags.pages.usage import Recent
from apps.flags.selectors import overview
from apps.flags.selectors.overview import LastChange

PER_PAGE = 25
TABS = {
    "all": _("All"),
    "on": _("On"),
    "rolling-out": _("Rolling out"),
    "off": _("Off"),
    "killed": _("Killed"),
    "stale": _("Stale"),
    "archived": _("Archived"),
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
    usage: Recent
    stale: tuple[Stale, ...]

    @property
    def here(self) -> Cell:
        return next(cell for cell in self.cells if cell.present)


class ListPage(FlagsPage):
    title = _("Flags")
    template_name = "flags/list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        search, tag, tab = (request.GET.get(name, "").replace("\0", "").strip() for name in ("q", "tag", "status"))
        current = tab if tab in TABS else "all"
        matching = selectors.flags(self.project, search=search, tag=tag, archived=None)
        counts = overview.tab_counts(matching, self.environment, at=self.at)
        found = overview.ids_in_tab(matching, self.environment, current, at=self.at)
        paginator = Paginator(found, PER_PAGE)
        paginator.count = counts[current]  # known already, so not counted twice
        page = paginator.get_page(request.GET.get("page"))
        flags = list(selectors.flags_with_states(matching).filter(pk__in=list(page)))
        return self.render(
            page=page,
            rows=self._rows(flags),
            columns=list(core.environments(self.project)),
            tabs=self._tabs(counts, current),
            current=current,
            q=search,
            tag=tag,
            tab=tab,
            tags=overview.tags_in_use(self.project),
            narrowed=bool(search or tag or tab),
            may_create=self.may(Action.CREATE),
            may_change=self.may(Action.CHANGE_STATE),
            may_kill=self.may(Action.KILL),
            kill_reason=REASON,
            may_archive=self.may(Action.ARCHIVE),
        )

    def _tabs(self, counts: dict[str, int], current: str) -> list[dict[str, Any]]:
        return [
            {"name": name, "label": label, "count": counts[name], "current": name == current}
            for name, label in TABS.items()
        ]

    def _rows(self, flags: list[Flag]) -> list[Row]:
        hours = selectors.hourly_totals(flags, self.environment, since=usage.first_hour(self.at))
        states = [state for flag in flags for state in flag.states.all()]
        last = overview.last_changes(states)
        return [self._row(flag, hours.get(flag.pk, {}), self._cells(flag, last)) for flag in flags]

    def _row(self, flag: Flag, hours: Mapping[datetime, int], cells: list[Cell]) -> Row:
        here = next(state for state in flag.states.all() if state.environment_id == self.environment.pk)
        return Row(
            flag=flag,
            cells=cells,
            usage=usage.recent(hours, selectors.last_served_at(here), at=self.at),
            stale=selectors.why_stale(here, at=self.at),
        )

    def _cells(self, flag: Flag, last: dict[int, LastChange]) -> list[Cell]:
        return [
            Cell(
                environment=state.environment,
                pill=state_pill(state),
                last=last.get(state.pk),
                status=state.status,
                present=state.environment_id == self.environment.pk,
            )
            for state in flag.states.all()
        ]
