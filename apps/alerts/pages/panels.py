"""What alerting shows on pages of apps below, as core.panels asks for it."""

from apps.alerts import selectors
from apps.alerts.pages.alerts import shown
from apps.alerts.pages.incidents import shown_incident
from apps.core.panels import About, Shown
from apps.deployments import selectors as deployments

MOST = 10  # alerts on the panel


def on_deployment(about: About) -> Shown | None:
    """What fired in its environment since users met it, until it was over; and the incidents of that time."""
    found = deployments.about(about.pk)
    if found is None or found.traffic_at is None or not about.user.has_perm("alerts.view_alert"):
        return None
    since, until, environment = found.traffic_at, found.ended_at or about.at, about.environment
    alerts = selectors.alerts(environment.project, environment).filter(fired_at__gte=since, fired_at__lte=until)
    rows = list(alerts.order_by("-fired_at", "-pk")[: MOST + 1])
    incidents = selectors.incidents_around(environment, about.pk, since, until)
    context = {
        "alerts": [shown(row) for row in rows[:MOST]],
        "more": alerts.count() - MOST if len(rows) > MOST else 0,
        "incidents": [shown_incident(row) for row in incidents if about.user.has_perm("alerts.view_incident")],
        "place": environment.name,
    }
    return Shown("alerts/parts/deployment_panel.html", context)
