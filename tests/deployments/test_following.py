"""The stream that tells a deployment's page to look again, at the running portal."""

import httpx
import pytest
from django.core import signing

from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.live import news
from tests.factories import ACTOR, make_project
from tests.factories.core import AT
from tests.factories.deployments import make_deployment, make_target
from tests.live_server import LivePortal, live_portal

__all__ = ["live_portal"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staging(transactional_db: None) -> Environment:
    return make_project(key="shop").environments.get(key="staging")


def test_whoever_follows_hears_of_each_move_of_this_deployment_alone(
    live_portal: LivePortal, staging: Environment
) -> None:
    followed, other = make_deployment(make_target(staging)), make_deployment(make_target(staging, key="api"))
    address = f"{live_portal.url}{news.PREFIX}{news.token_of(followed.pk)}"
    with httpx.stream("GET", address, timeout=10) as answer:
        lines = answer.iter_lines()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert next(lines) == "retry: 3000"
        for row in (other, followed):
            services.cancel_deployment(deployment_id=row.pk, actor=ACTOR, reason="no", at=AT, expected_version=None)
        heard = next(line for line in lines if line.startswith("data"))
    assert heard == "data: changed"
    assert news.news._open.keys() <= {followed.pk}  # nobody waits for the other one


def test_no_stream_without_a_token_of_ours(live_portal: LivePortal, staging: Environment) -> None:
    foreign = signing.TimestampSigner(salt="something else").sign("1")
    for token in ("", "1", foreign, f"{news.token_of(1)}x"):
        assert httpx.get(f"{live_portal.url}{news.PREFIX}{token}").status_code == 404


def test_a_token_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    token = news.token_of(7)
    assert news.deployment_of(token) == 7
    monkeypatch.setattr(news, "HOURS", -1)
    assert news.deployment_of(token) is None


def test_a_process_takes_so_many_streams_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST", 1)
    made = news.News()
    listener = made.open(1)
    with pytest.raises(news.TooManyStreams):
        made.open(2)
    made.close(1, listener)
    made.close(2, made.open(2))
