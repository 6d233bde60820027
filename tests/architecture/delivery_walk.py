"""The scenarios of delivery and incidents for test_audit_walk.py: each prepares what is needed and returns the one
call to watch."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apps.alerts import services
from tests.architecture.scenarios import ANY, WHO, production, scenario
from tests.factories import AT, make_incident, make_project, make_rule
from tests.factories.delivery import make_alert, make_channel, make_route, make_silence

HOUR = timedelta(hours=1)

# The outbox is a log by itself: what was sent to whom, when and why. What is given up is audited, and so is a channel
# that is switched off: tests/alerts/test_delivery.py.
EXEMPT = {"deliver", "deliver_due", "deliver_test", "hasten"}
NOT_WRITING = {"explain_deletion", "explain_telling", "preview_silence", "read_acknowledge_token", "signing_secrets"}


@scenario
def acknowledge() -> Callable[[], object]:
    pk = make_alert(production()).pk
    return lambda: services.acknowledge(alert_id=pk, **WHO)


@scenario
def create_channel() -> Callable[[], object]:
    project = make_project()
    return lambda: make_channel(project)


@scenario
def update_channel() -> Callable[[], object]:
    pk = make_channel(make_project()).pk
    return lambda: services.update_channel(channel_id=pk, enabled=False, **ANY)


@scenario
def rotate_channel_secret() -> Callable[[], object]:
    pk = make_channel(make_project()).pk
    return lambda: services.rotate_channel_secret(channel_id=pk, **ANY)


@scenario
def test_channel() -> Callable[[], object]:
    pk = make_channel(make_project()).pk
    return lambda: services.test_channel(channel_id=pk, **WHO)


@scenario
def test_rule() -> Callable[[], object]:
    pk = make_rule(production()).pk
    return lambda: services.test_rule(rule_id=pk, labels={}, **WHO)


@scenario
def create_route() -> Callable[[], object]:
    project = make_project()
    return lambda: make_route(project)


@scenario
def update_route() -> Callable[[], object]:
    pk = make_route(make_project()).pk
    return lambda: services.update_route(route_id=pk, fields={"continues": True}, **ANY)


@scenario
def delete_route() -> Callable[[], object]:
    pk = make_route(make_project()).pk
    return lambda: services.delete_route(route_id=pk, **ANY)


@scenario
def create_silence() -> Callable[[], object]:
    environment = production()
    return lambda: make_silence(environment)


@scenario
def end_silence() -> Callable[[], object]:
    pk = make_silence(production(), at=AT - HOUR, seconds=7_200).pk
    return lambda: services.end_silence(silence_id=pk, **ANY)


@scenario
def open_incident() -> Callable[[], object]:
    environment = production()
    return lambda: make_incident(environment)


@scenario
def update_incident() -> Callable[[], object]:
    pk = make_incident(production()).pk
    return lambda: services.update_incident(incident_id=pk, fields={"title": "New"}, **ANY)


@scenario
def post_update() -> Callable[[], object]:
    pk = make_incident(production()).pk
    return lambda: services.post_update(incident_id=pk, text="We know why.", status="IDENTIFIED", **ANY)


@scenario
def acknowledge_incident() -> Callable[[], object]:
    pk = make_incident(production()).pk
    return lambda: services.acknowledge_incident(incident_id=pk, **WHO)


@scenario
def attach_alert() -> Callable[[], object]:
    environment = production()
    pks: dict[str, Any] = {"incident_id": make_incident(environment).pk, "alert_id": make_alert(environment).pk}
    return lambda: services.attach_alert(**pks, **WHO)


@scenario
def detach_alert() -> Callable[[], object]:
    alert = make_alert(production())
    pk = alert.incident_id
    assert pk is not None
    return lambda: services.detach_alert(incident_id=pk, alert_id=alert.pk, **WHO)
