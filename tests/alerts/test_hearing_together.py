"""Workers that read the trail at the same time, and one that dies over it: everything is told once."""

from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Incident, Notification
from apps.core.sealer import seal
from apps.deployments import services as deployments
from tests.alerts.test_responses_together import at_once
from tests.deployments.world import World, world
from tests.factories import ACTOR, make_project
from tests.factories.delivery import make_channel
from tests.factories.deployments import make_deployment, make_target

__all__ = ["world"]
pytestmark = pytest.mark.django_db(transaction=True)


def rolled_back(world: World) -> None:
    environment = make_project().environments.get(key="staging")
    make_channel(environment.project)
    row = make_deployment(make_target(environment, driver="CADDY"))
    world.run(20)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "broken", "at": world.at}
    deployments.roll_back(deployment_id=row.pk, **who)
    world.run(20)
    seal()


def told() -> list[str]:
    return sorted(row.content["labels"]["kind"] for row in Notification.objects.all())


def test_many_who_read_at_once_tell_once(world: World) -> None:
    rolled_back(world)
    assert at_once(*[lambda: services.hear_deployments(at=world.at)] * 4) == []
    services.hear_deployments(at=world.at)
    assert told() == ["rolled_back", "started"]
    assert Incident.objects.get().updates.count() == 2  # that it goes back, and that it is back


def test_one_who_dies_before_the_end_loses_and_doubles_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rolled_back(world)
    with monkeypatch.context() as dying:
        dying.setattr("apps.alerts.models.TrailCursor.save", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            services.hear_deployments(at=world.at)
    assert (told(), Incident.objects.count()) == ([], 0)
    services.hear_deployments(at=world.at)
    assert told() == ["rolled_back", "started"]
    assert Incident.objects.get().updates.count() == 2
