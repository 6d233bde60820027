"""A program: makes a project with rules and a webhook in the installation that the environment names, once it may.

Reads the receiver's URL from standard input when the tables are there; says the token of an ingest key.
"""

import sys
from typing import Any

import django

SECRET = "whsec_c3Rvcm0tc3Rvcm0tc3Rvcm0tc3Rvcm0tc3Rvcm0="
RULES = ("errors_a", "errors_b", "errors_c")  # each with a metric of the same name
LIMIT = 5  # above it is bad


def main() -> None:
    django.setup()
    from apps.alerts import services as alerts
    from apps.core import audit, clock, services
    from apps.core.models import ApiKey

    url = sys.stdin.readline().strip()
    actor, at = audit.system("storm"), clock.now()
    project = services.create_project(key="storm", name="Storm", actor=actor, at=at)
    environment = project.environments.get(key="production")
    key = services.issue_key(
        project_id=project.pk,
        environment_id=environment.pk,
        kind=ApiKey.Kind.INGEST,
        name="storm",
        actor=actor,
        at=at,
    )
    config = {"url": url, "secrets": [SECRET]}
    about: dict[str, Any] = {"actor": actor, "reason": "storm", "at": at}
    alerts.create_channel(project_id=project.pk, key="ops", name="Ops", kind="WEBHOOK", config=config, **about)
    one_by_one = {"label": "alertname", "match": "!=", "value": RULES[0]}
    for fields in (
        {"key": "one-by-one", "channels": ["ops"], "matchers": [one_by_one], "group_by": None},
        {"key": "together", "channels": ["ops"]},
    ):
        alerts.create_route(project_id=project.pk, fields=fields, **about)
    for rule in RULES:
        alerts.create_rule(environment_id=environment.pk, definition=definition(rule), **about)
    print(key.token, flush=True)


def definition(rule: str) -> dict[str, object]:
    return {
        "key": rule,
        "name": f"Too many {rule}",
        "severity": "critical",
        "query": {"metric": rule, "aggregate": "last", "window_seconds": 600},
        "comparison": "gt",
        "threshold": LIMIT,
    }


if __name__ == "__main__":
    main()
