"""A deployment with a row of every kind that belongs to one, for those who walk over everything."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import Analysis, Deployment
from tests.factories.core import ACTOR, AT
from tests.factories.deployments import make_deployment, make_target
from tests.factories.flags import make_flag

HOUR = timedelta(hours=1)


def make_deployed(environment: Environment) -> Deployment:
    """Of the service web: past its gates, preparing, with its flag rolled back; and a freeze and words of its own."""
    target = make_target(environment, agent_url="http://127.0.0.1:18999/")
    make_flag(project=environment.project, key="gift-cards", on=True)
    release = {"flags": ["gift-cards"]}
    asked: dict[str, Any] = {"environment_id": environment.pk, "service_key": "web", "version": "2.0.0"}
    signed: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": AT}
    row = services.request_version(**asked, release=release, **signed)
    about: dict[str, Any] = {"deployment_id": row.pk, **signed}
    services.override_gate(gate="CALENDAR", expected_version=None, **about)
    services.tick_item(deployment_id=row.pk, item="staging_thorough", done=True, actor=ACTOR, at=AT)
    services.advance_deployments(at=AT)
    services.roll_back(method="FLAG", **about)
    # What the judge says comes from samples that nobody sent here.
    Analysis.objects.create(deployment=row, position=0, look=1, verdict="GOOD", words="No more errors", at=AT)
    make_deployment(target, scheduled_at=AT + HOUR)
    freeze: dict[str, Any] = {
        "environment_id": None,
        "name": "Sale",
        "starts_at": AT,
        "ends_at": datetime(2099, 1, 1, tzinfo=UTC),
    }
    services.create_freeze(project_id=environment.project_id, **freeze, **signed)
    words: dict[str, Any] = {"kind": "STARTED", "subject": "{version}", "body": "{url}", "expected_version": None}
    services.set_template(project_id=environment.project_id, actor=ACTOR, at=AT, **words)
    row.refresh_from_db()
    return row
