"""What a public status page tells, as plain values. Only what is public comes through here: no notes, no names of
people, nothing of what health checks ask."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet

from apps.alerts.domain import status as domain
from apps.alerts.domain.status import Check, Day, Impact, Spell
from apps.alerts.models import Incident, IncidentUpdate, StatusComponent, StatusPage
from apps.core import selectors as core
from apps.core.models import Environment
from apps.monitoring import selectors as monitoring

PUBLIC_UPDATES = Prefetch(
    "updates", IncidentUpdate.objects.filter(public=True).order_by("-at", "-pk"), to_attr="public_updates"
)


@dataclass(frozen=True, slots=True)
class UpdateTold:
    at: datetime
    status: str
    impact: Impact
    text: str


@dataclass(frozen=True, slots=True)
class IncidentTold:
    id: int
    title: str
    status: str
    impact: Impact
    components: tuple[str, ...]  # names, in the order of the page
    opened_at: datetime
    resolved_at: datetime | None
    updates: tuple[UpdateTold, ...]  # the newest first

    @property
    def day(self) -> date:
        return self.opened_at.astimezone(UTC).date()

    @property
    def changed_at(self) -> datetime:
        return max([self.opened_at, *([self.resolved_at] if self.resolved_at else []), *(u.at for u in self.updates)])


@dataclass(frozen=True, slots=True)
class ComponentTold:
    key: str
    name: str
    description: str
    state: Impact
    days: tuple[Day, ...]
    share: float | None


@dataclass(frozen=True, slots=True)
class PageTold:
    slug: str
    title: str
    text: str
    state: Impact
    sentence: str
    components: tuple[ComponentTold, ...]
    incidents: tuple[IncidentTold, ...]  # open ones and those of the last 90 days, the newest first
    at: datetime

    @property
    def open(self) -> tuple[IncidentTold, ...]:
        return tuple(one for one in self.incidents if one.resolved_at is None)


def status_page(environment: Environment) -> StatusPage | None:
    return StatusPage.objects.select_related("environment__project").filter(environment=environment).first()


def status_pages(*, published: bool | None = None) -> QuerySet[StatusPage]:
    rows = StatusPage.objects.select_related("environment__project").order_by("slug")
    return rows if published is None else rows.filter(published=published)


def status_components(environment_id: int) -> QuerySet[StatusComponent]:
    return StatusComponent.objects.filter(environment=environment_id).order_by("position", "pk")


def page_told(page: StatusPage, *, at: datetime) -> PageTold:
    """As many queries for many components and incidents as for few."""
    components = list(status_components(page.environment_id))
    rows = _public_incidents(page.environment_id, at)
    checks = _checks(page.environment_id, components, at)
    by_hand = _spells_by_hand(components, at)
    told = tuple(_component(row, rows, checks, by_hand[row.pk], at) for row in components)
    names = {row.pk: row.name for row in components}
    incidents = tuple(_incident(row, names) for row in rows)
    standing = [one.impact for one in incidents if one.resolved_at is None]
    states = [one.state for one in told]
    return PageTold(
        slug=page.slug,
        title=page.title,
        text=page.text,
        state=domain.worst([*states, *standing]),
        sentence=domain.sentence(states, standing),
        components=told,
        incidents=incidents,
        at=at,
    )


def _public_incidents(environment_id: int, at: datetime) -> list[Incident]:
    since = at - timedelta(days=domain.DAYS)
    rows = Incident.objects.filter(environment=environment_id, public=True)
    rows = rows.filter(Q(resolved_at=None) | Q(resolved_at__gte=since))
    return list(rows.prefetch_related(PUBLIC_UPDATES, "components").order_by("-opened_at", "-pk"))


def _checks(environment_id: int, rows: Iterable[StatusComponent], at: datetime) -> dict[str, Check]:
    keys = {key for row in rows for key in row.checks}
    found = monitoring.watched(environment_id, keys, at=at)
    return {key: Check(one.state, one.days) for key, one in found.items()}


def _spells_by_hand(rows: list[StatusComponent], at: datetime) -> dict[int, tuple[Spell, ...]]:
    """The trail knows what people set before."""
    turns: defaultdict[str, list[tuple[datetime, Impact, Impact]]] = defaultdict(list)
    entries = core.turns_of("alerts.statuscomponent", [row.pk for row in rows], field="state")
    for subject, moment, changed in entries.values_list("subject_id", "at", "changes"):
        before, after = changed["state"]
        if before is not None and after is not None:
            turns[subject].append((moment, Impact(before), Impact(after)))
    return {
        row.pk: domain.spells_by_hand(turns[str(row.pk)], Impact(row.state), created_at=row.created_at, at=at)
        for row in rows
    }


def _component(
    row: StatusComponent, rows: Iterable[Incident], known: dict[str, Check], by_hand: tuple[Spell, ...], at: datetime
) -> ComponentTold:
    incidents = [one for one in rows if row in one.components.all()]
    checks = [known[key] for key in row.checks if key in known]
    standing = [Impact(one.impact) for one in incidents if one.resolved_at is None]
    state = domain.component_state(Impact(row.state), standing, checks)
    now = Spell(state, at - timedelta(microseconds=1), at)
    spells = [*by_hand, *(spell for one in incidents for spell in _spells(one, at))]
    spells += [now] if state is not Impact.OPERATIONAL else []
    return ComponentTold(
        row.key,
        row.name,
        row.description,
        state,
        domain.bars(spells, checks, known_since=row.created_at, at=at),
        domain.uptime_share(checks),
    )


def _spells(row: Incident, at: datetime) -> tuple[Spell, ...]:
    told = [(one.at, Impact(one.impact)) for one in _updates(row)]
    return domain.incident_spells(Impact(row.impact), told, opened_at=row.opened_at, resolved_at=row.resolved_at, at=at)


def _incident(row: Incident, names: dict[int, str]) -> IncidentTold:
    named = {component.pk for component in row.components.all()}
    updates = tuple(UpdateTold(one.at, one.get_status_display(), Impact(one.impact), one.text) for one in _updates(row))
    return IncidentTold(
        row.pk,
        row.title,
        row.get_status_display(),
        Impact(row.impact),
        tuple(name for pk, name in names.items() if pk in named),
        row.opened_at,
        row.resolved_at,
        updates,
    )


def _updates(row: Incident) -> list[IncidentUpdate]:
    found: list[IncidentUpdate] = row.public_updates  # type: ignore[attr-defined]  # prefetched
    return found
