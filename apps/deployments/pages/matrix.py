"""Which version of which service is where: a row for each service, a column for each environment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core import selectors as core
from apps.core.models import Environment, Project
from apps.core.navigation import Scope
from apps.core.pages import Pill
from apps.deployments import selectors
from apps.deployments.models import Deployment, Service, Target
from apps.deployments.pages.base import state_pill
from apps.deployments.pages.listing import detail_url
from apps.deployments.selectors.standings import Standing, standings


@dataclass(frozen=True, slots=True)
class Cell:
    """One service in one environment."""

    environment: Environment
    present: bool  # the environment of the page's address
    target: Target | None  # None: not set up here
    since: datetime | None  # of the live version
    open: Deployment | None  # what is under way or waits
    pill: Pill | None  # its state
    url: str  # of the deployment that says more


@dataclass(frozen=True, slots=True)
class Row:
    service: Service
    cells: Sequence[Cell]


def columns(project: Project) -> list[Environment]:
    return list(core.environments(project))


def rows(project: Project, present: Environment) -> list[Row]:
    """Four queries, whatever there is."""
    by_place = {(row.service_id, row.environment_id): row for row in selectors.matrix(project)}
    known = standings([row.pk for row in by_place.values()])
    places = columns(project)
    return [
        Row(
            service,
            [_cell(project, place, present, by_place.get((service.pk, place.pk)), known) for place in places],
        )
        for service in selectors.services(project)
    ]


def _cell(
    project: Project, place: Environment, present: Environment, target: Target | None, known: dict[int, Standing]
) -> Cell:
    now = known.get(target.pk, Standing()) if target else Standing()
    told = now.open or now.last
    return Cell(
        environment=place,
        present=place == present,
        target=target,
        since=now.last.ended_at if now.last else None,
        open=now.open,
        pill=state_pill(now.open) if now.open else None,
        url=detail_url(Scope(project, place), told.pk) if told else "",
    )
