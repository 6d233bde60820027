"""Two pipelines report the first deployment of a service at the same moment, on connections of their own."""

from threading import Barrier, Thread

import pytest
from django.db import connections

from apps.deployments import services
from apps.deployments.models import Deployment, Release, Service, Target
from tests.factories import ACTOR, AT, make_project


@pytest.mark.django_db(transaction=True)
def test_first_reports_at_once_make_one_service() -> None:
    pk = make_project().environments.get(key="production").pk
    start, failed = Barrier(4), list[Exception]()

    def report(number: int) -> None:
        try:
            start.wait()
            services.record_version(
                environment_id=pk,
                service_key="web",
                version="1.0.0",
                release={"commit_sha": "4f2a91c"},
                idempotency_key=f"run-{number % 2}",
                actor=ACTOR,
                reason="",
                at=AT,
            )
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    pipelines = [Thread(target=report, args=(number,)) for number in range(4)]
    for pipeline in pipelines:
        pipeline.start()
    for pipeline in pipelines:
        pipeline.join()
    assert not failed
    assert [model.objects.count() for model in (Service, Target, Release, Deployment)] == [1, 1, 1, 2]
