"""Several workers sweep the outbox at once, on connections of their own."""

from threading import Thread
from typing import Any

import pytest
from django.db import connections

from apps.alerts import services
from apps.alerts.models import Notification
from tests.core.egress_peers import reply, serving
from tests.factories import AT, make_project, make_route, make_rule, push
from tests.factories.delivery import make_channel


@pytest.mark.django_db(transaction=True)
def test_workers_that_sweep_together_send_each_notice_once(settings: Any) -> None:
    environment = make_project().environments.get(key="production")
    with serving(reply()) as peer:
        settings.EGRESS_ALLOW = [f"127.0.0.1:{peer.port}"]
        make_channel(environment.project, url=peer.url)
        make_route(environment.project, channels=["ops"], group_by=None)  # every alert by itself
        make_rule(environment)
        for n in range(30):
            push(environment, "errors", (AT, 7), host=f"h{n}")
        services.judge_due(at=AT)
        sent: list[int] = []

        def sweep() -> None:
            try:
                sent.append(services.deliver_due(at=AT))
            finally:
                connections.close_all()

        workers = [Thread(target=sweep) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert (len(peer.heard), sum(sent)) == (30, 30)
    assert Notification.objects.filter(status="SENT", attempts=1).count() == 30
