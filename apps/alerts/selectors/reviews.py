"""What the review of an incident is written from."""

from collections.abc import Iterator

from apps.alerts.domain.labels import label_words
from apps.alerts.domain.reviews import Line, Review, markdown, moment
from apps.alerts.models import Alert, Incident
from apps.alerts.selectors.incidents import times_of
from apps.alerts.selectors.timelines import Moment, timeline


def review(row: Incident) -> str:
    """As Markdown. `row` as the selector `incident` finds it."""
    alerts = sorted(row.alerts.all(), key=lambda alert: (alert.fired_at, alert.pk))
    return markdown(
        Review(
            title=row.title,
            place=str(row.environment),
            severity=str(row.get_severity_display()),
            status=str(row.get_status_display()),
            opened_by=row.opened_by_label,
            owner=row.owner.get_username() if row.owner else "",
            impact=str(row.get_impact_display()),
            components=[component.name for component in row.components.all()],
            opened_at=row.opened_at,
            resolved_at=row.resolved_at,
            times=times_of(row),
            alerts=[_alert(alert) for alert in alerts],
            by_itself=[words for alert in alerts for words in _responses(alert)],
            timeline=[Line(one.at, _words(one)) for one in timeline(row)],
        )
    )


def _alert(alert: Alert) -> str:
    series = label_words(alert.labels)
    name = f"{alert.name} ({series})" if series else alert.name
    until = f"until {moment(alert.resolved_at)}" if alert.resolved_at else "still open"
    return f"{alert.get_severity_display()}: {name}, from {moment(alert.fired_at)} {until}"


def _responses(alert: Alert) -> Iterator[str]:
    for response in alert.responses.all():
        if response.settled_at is not None:
            yield f"{moment(response.settled_at)}: {response.get_status_display()}: {response.told}"


def _words(one: Moment) -> str:
    did = " ".join(part for part in (one.actor_label, one.did, one.subject_label) if part)
    return f"{did}: {one.text}" if one.text else did
