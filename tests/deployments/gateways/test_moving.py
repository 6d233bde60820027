"""Traffic that is moved under load, by real proxies: nothing is lost, and the shares are what was asked for."""

import threading
import time

import pytest

from apps.deployments.gateways import driver_of
from apps.deployments.gateways.traffic import Outcome
from tests.deployments.gateways.load import Answers, Load
from tests.deployments.gateways.proxies import Proxy

BLUE, GREEN = {"blue": 100_000, "green": 0}, {"blue": 0, "green": 100_000}
LATE_SECONDS = 5.0  # generous, for a machine that runs other tests beside this one; benchmarks/traffic.py measures


def wait_for(answers: Answers, requests: int) -> None:
    until, aim = time.monotonic() + 30, len(answers.sent_at) + requests
    while len(answers.sent_at) < aim and time.monotonic() < until:
        time.sleep(0.005)


def test_all_traffic_moves_to_the_other_slot_and_back_and_nothing_fails(proxy: Proxy) -> None:
    driver = driver_of(proxy.kind, proxy.config)
    with Load(proxy.port, connections=8).running() as answers:
        wait_for(answers, 200)
        for there, weights in (("green", GREEN), ("blue", BLUE)):
            started = time.monotonic()
            assert driver.apply(weights) is Outcome.ASSERTED
            assert driver.read() == weights
            wait_for(answers, 400)
            here = "blue" if there == "green" else "green"
            assert answers.last_sent(here) - started < LATE_SECONDS
            assert answers.since(started)[there] > 200
    assert answers.failed == []
    if proxy.kind == "HAPROXY":
        assert answers.sent_again == 0  # Caddy reloads itself and ends connections: docs/deployment/traffic-drivers.md


def test_a_canary_gets_its_share(proxy: Proxy) -> None:
    driver = driver_of(proxy.kind, proxy.config)
    for percent in (5, 25, 50, 100):
        weights = {"blue": 100_000 - percent * 1_000, "green": percent * 1_000}
        driver.apply(weights)
        assert driver.read() == weights
        answers = Load(proxy.port, connections=4, requests=1_000).run().answers
        found = answers.since(0)
        assert (answers.failed, found.total()) == ([], 1_000)
        assert found["green"] == pytest.approx(percent * 10, abs=2)  # both proxies take turns, so chance has no part


def test_a_slot_drains_before_it_is_stopped(proxy: Proxy) -> None:
    driver = driver_of(proxy.kind, proxy.config)
    slow = Load(proxy.port, connections=6, requests=6, path="/1000")
    thread = threading.Thread(target=slow.run)
    thread.start()
    until = time.monotonic() + 5
    while driver.in_flight("blue") != 6 and time.monotonic() < until:
        time.sleep(0.01)
    driver.apply(GREEN)
    assert (driver.in_flight("blue"), driver.in_flight("green")) == (6, 0)
    assert Load(proxy.port, connections=1, requests=3).run().answers.colours == ["green"] * 3
    thread.join()
    assert driver.in_flight("blue") == 0
    assert (slow.answers.colours, slow.answers.failed) == (["blue"] * 6, [])


def test_what_is_asserted_again_changes_nothing(proxy: Proxy) -> None:
    driver = driver_of(proxy.kind, proxy.config)
    driver.apply(GREEN)
    with Load(proxy.port, connections=4).running() as answers:
        wait_for(answers, 50)
        for _ in range(10):
            driver.apply(GREEN)
        wait_for(answers, 50)
    assert answers.connected == 4  # a Caddy that reloads itself ends the connections it has
    assert (driver.read(), set(answers.colours), answers.failed) == (GREEN, {"green"}, [])


def test_what_a_restart_forgets_is_seen_and_asserted_again(proxy: Proxy) -> None:
    driver = driver_of(proxy.kind, proxy.config)
    driver.apply(GREEN)
    proxy.restart()
    assert driver.read() == BLUE  # as it is configured
    driver.apply(GREEN)
    assert driver.read() == GREEN
    assert Load(proxy.port, connections=1, requests=3).run().answers.colours == ["green"] * 3
