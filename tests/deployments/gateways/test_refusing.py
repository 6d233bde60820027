"""What goes wrong between PulseOps and a proxy, and that it is told as something to do, in time and without a trace."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from apps.core.egress import InsideTransaction
from apps.deployments.gateways import driver_of
from apps.deployments.gateways.traffic import (
    ChangedMeanwhile,
    Driver,
    HeldBack,
    Refused,
    TrafficError,
    UnexpectedAnswer,
    UnknownSlot,
    Unreachable,
    WeightsRefused,
)
from tests.core.egress_peers import Answer, reply, says, serving
from tests.deployments.gateways import proxies
from tests.deployments.gateways.proxies import Proxy
from tests.parts import missing

BLUE, GREEN = {"blue": 100_000, "green": 0}, {"blue": 0, "green": 100_000}
SLOTS = {"blue": "127.0.0.1:1", "green": "127.0.0.1:2"}
NAMES = {"CADDY": "handler", "HAPROXY": "backend"}


def driver_at(kind: str, admin: str, **more: Any) -> Driver:
    slots = SLOTS if kind == "CADDY" else {"blue": "blue-1", "green": "green-1"}
    return driver_of(kind, {"admin": admin, NAMES[kind]: "shop", "slots": slots, "timeout_seconds": 0.2, **more})


def everything(driver: Driver) -> Iterator[Callable[[], object]]:
    yield driver.read
    yield lambda: driver.apply(GREEN)
    yield lambda: driver.in_flight("blue")


def hangs(*_: object) -> None:
    Event().wait(5)


def drips(connection: socket.socket, _: bytes) -> None:
    for _number in range(100):
        connection.sendall(b"H")
        time.sleep(0.05)


# The other side


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (hangs, Unreachable),
        (drips, Unreachable),
        (says(), UnexpectedAnswer),
        (says(b"\x00\xff nonsense \r\n\r\n" * 3), UnexpectedAnswer),
        (reply(body=b"<html>"), UnexpectedAnswer),
        (reply(body=b"[1, 2]"), UnexpectedAnswer),
        (reply(body=b'{"handler": "reverse_proxy", "load_balancing": {}}'), UnexpectedAnswer),
        (says(b"1\n# be_name srv_name srv_uweight\nshop blue-1 many\n\n"), UnexpectedAnswer),
    ],
    ids=["hangs", "drips", "closes", "nonsense", "page", "list", "no-weights", "no-number"],
)
def test_an_admin_address_that_does_not_answer_well(kind: str, answer: Answer, error: type[TrafficError]) -> None:
    def after_the_question(connection: socket.socket, _: bytes) -> None:
        answer(connection, connection.recv(4_096))

    with serving(after_the_question, reads=False) as peer:
        for act in everything(driver_at(kind, f"127.0.0.1:{peer.port}")):
            started = time.monotonic()
            with pytest.raises(error) as refused:
                act()
            assert time.monotonic() - started < 3
            assert "nonsense" not in str(refused.value)


@pytest.mark.parametrize("kind", NAMES)
def test_an_admin_address_that_breaks_off(kind: str) -> None:
    def resets(connection: socket.socket, _: bytes) -> None:
        connection.recv(4_096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(resets, reads=False) as peer:
        for act in everything(driver_at(kind, f"127.0.0.1:{peer.port}")):
            with pytest.raises((Unreachable, UnexpectedAnswer), match=r"broke the connection off|connection broke"):
                act()


@pytest.mark.parametrize("kind", NAMES)
def test_an_admin_address_where_nobody_listens(kind: str, tmp_path: Path) -> None:
    for admin in (f"127.0.0.1:{proxies.free_port()}", f"{tmp_path}/no.sock"):
        for act in everything(driver_at(kind, admin)):
            with pytest.raises(Unreachable, match=r"takes no connection: is the proxy running"):
                act()


@pytest.mark.parametrize("kind", NAMES)
def test_a_socket_that_hangs(kind: str) -> None:
    with proxies.directory() as directory, listening(directory / "admin.sock") as path:
        started = time.monotonic()
        with pytest.raises(Unreachable, match=r"gave no whole answer within 0\.2 s"):
            driver_at(kind, path).read()
        assert time.monotonic() - started < 3


@contextmanager
def listening(path: Path) -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield str(path)


@pytest.mark.parametrize("kind", NAMES)
def test_an_address_that_the_operator_has_not_opened(kind: str, settings: Settings) -> None:
    settings.EGRESS_ALLOW_TRAFFIC = []
    with serving(says()) as peer:
        with pytest.raises(Refused, match="PULSEOPS_EGRESS_ALLOW_TRAFFIC"):
            driver_at(kind, f"127.0.0.1:{peer.port}").read()
        assert peer.connections == 0


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.django_db(transaction=True)
def test_nothing_is_said_from_inside_a_transaction(kind: str) -> None:
    with proxies.directory() as directory, listening(directory / "admin.sock") as path:
        for act in everything(driver_at(kind, path)):
            with transaction.atomic(), pytest.raises(InsideTransaction):
                act()


# The weights


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        ({"blue": 0, "green": 0}, WeightsRefused, "every weight is 0"),
        ({}, WeightsRefused, "every weight is 0"),
        ({"blue": 60_000}, WeightsRefused, "60,000 together"),
        ({"blue": 110_000, "green": -10_000}, WeightsRefused, "below 0"),
        ({"blue": 50_000, "red": 50_000}, UnknownSlot, "no slot 'red'.*blue, green"),
    ],
)
def test_weights_that_no_proxy_is_told(
    proxy: Proxy, weights: dict[str, int], error: type[TrafficError], words: str
) -> None:
    driver = driver_of(proxy.kind, proxy.config)
    with pytest.raises(error, match=words):
        driver.apply(weights)
    assert driver.read() == BLUE
    with pytest.raises(UnknownSlot):
        driver.in_flight("red")


# Caddy


def test_a_writer_who_has_read_something_older_is_refused(caddy: Proxy) -> None:
    stale, other = driver_of("CADDY", caddy.config), driver_of("CADDY", caddy.config)
    assert stale.read() == BLUE
    other.apply({"blue": 50_000, "green": 50_000})
    with pytest.raises(ChangedMeanwhile):
        stale.apply(GREEN)
    assert other.read() == {"blue": 50_000, "green": 50_000}
    assert stale.read() == {"blue": 50_000, "green": 50_000}
    stale.apply(GREEN)  # it has read anew, and decided anew
    assert other.read() == GREEN


def test_caddy_over_a_unix_socket(dials: dict[str, str]) -> None:
    with (
        proxies.directory() as directory,
        proxies.running(proxies.caddy(directory, dials, admin=f"{directory}/admin.sock")) as proxy,
    ):
        driver = driver_of("CADDY", proxy.config)
        driver.apply({"blue": 95_000, "green": 5_000})
        assert driver.read() == {"blue": 95_000, "green": 5_000}
        assert driver.in_flight("green") == 0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"handler": "store"}, UnexpectedAnswer, '"@id": "store"'),
        (
            {"slots": {"blue": "127.0.0.1:1", "green": "127.0.0.1:2"}},
            UnknownSlot,
            "no upstream 127.0.0.1:1, 127.0.0.1:2",
        ),
    ],
)
def test_a_caddy_that_is_set_up_otherwise(
    caddy: Proxy, change: dict[str, Any], error: type[TrafficError], words: str
) -> None:
    with pytest.raises(error, match=words):
        driver_of("CADDY", caddy.config | change).read()


def test_traffic_that_goes_where_no_slot_is(dials: dict[str, str]) -> None:
    before = {"old": "127.0.0.1:9", **dials}
    with proxies.directory() as directory, proxies.running(proxies.caddy(directory, before)) as proxy:
        driver = driver_of("CADDY", proxy.config | {"slots": dials})
        with pytest.raises(UnknownSlot, match=r"sends traffic to 127\.0\.0\.1:9"):
            driver.read()


# HAProxy


@contextmanager
def needs_haproxy() -> Iterator[Path]:
    if proxies.HAPROXY is None:
        missing("HAProxy is not installed: apt-get install haproxy")
    with proxies.directory() as directory:
        yield directory


def test_haproxy_over_tcp(dials: dict[str, str]) -> None:
    with needs_haproxy() as directory, proxies.running(proxies.haproxy(directory, dials, over_tcp=True)) as proxy:
        driver = driver_of("HAPROXY", proxy.config)
        driver.apply({"blue": 95_000, "green": 5_000})
        assert driver.read() == {"blue": 95_000, "green": 5_000}


def test_a_socket_without_the_level_says_which_is_needed(dials: dict[str, str]) -> None:
    with needs_haproxy() as directory, proxies.running(proxies.haproxy(directory, dials, level="user")) as proxy:
        driver = driver_of("HAPROXY", proxy.config)
        with pytest.raises(Refused, match="level admin"):
            driver.apply(GREEN)
        assert driver.read() == BLUE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"backend": "store"}, "no (backend store|server store/green-1)"),
        ({"slots": {"blue": "blue-1", "green": "green-2"}}, "no server shop/green-2"),
    ],
)
def test_a_haproxy_that_is_set_up_otherwise(haproxy: Proxy, change: dict[str, Any], words: str) -> None:
    driver = driver_of("HAPROXY", haproxy.config | change)
    for act in (driver.read, lambda: driver.apply(GREEN), lambda: driver.in_flight("green")):
        with pytest.raises(UnknownSlot, match=words):
            act()
    assert driver_of("HAPROXY", haproxy.config).read() == BLUE


def said(proxy: Proxy, command: str) -> None:
    """By a person at the socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(proxy.config["admin"])
        connection.sendall(f"{command}\n".encode())
        assert connection.recv(4_096) == b"\n"


def test_a_slot_in_maintenance_has_no_traffic_and_is_given_none(haproxy: Proxy) -> None:
    driver = driver_of("HAPROXY", haproxy.config)
    said(haproxy, "set server shop/green-1 state maint")
    with pytest.raises(HeldBack, match="shop/green-1 is in maintenance"):
        driver.apply(GREEN)
    assert driver.read() == BLUE
    said(haproxy, "set server shop/green-1 weight 256")
    assert driver.read() == BLUE  # of which weight HAProxy makes nothing
    said(haproxy, "set server shop/green-1 state ready")
    driver.apply(GREEN)
    assert driver.read() == GREEN


def test_the_side_that_gains_is_told_first() -> None:
    """So that at no moment both are at 0: HAProxy answers 503 to everything then."""
    heard: list[str] = []
    with proxies.directory() as directory, runtime_socket(directory / "admin.sock", heard) as path:
        for weights, blue, green in ((GREEN, 256, 0), (BLUE, 0, 256)):
            heard.clear()
            STATE.update({"blue-1": blue, "green-1": green})
            driver_at("HAPROXY", path).apply(weights)
            gains, loses = ("green", "blue") if weights is GREEN else ("blue", "green")
            said_last = heard[-1].strip().split("; ")
            assert said_last == [f"set server shop/{gains}-1 weight 256", f"set server shop/{loses}-1 weight 0"]


STATE = {"blue-1": 256, "green-1": 0}


@contextmanager
def runtime_socket(path: Path, heard: list[str]) -> Iterator[str]:
    """Answers as HAProxy does and keeps what it heard."""
    with listening(path) as name, socket.socket(socket.AF_UNIX) as server:
        path.unlink()
        server.bind(str(path))
        server.listen()
        thread = Thread(target=_answer, args=(server, heard), daemon=True)
        thread.start()
        yield name


def _answer(server: socket.socket, heard: list[str]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            heard.append(connection.recv(4_096).decode())
            rows = "".join(f"shop {name} 0 {weight}\n" for name, weight in STATE.items())
            state = f"1\n# be_name srv_name srv_admin_state srv_uweight\n{rows}\n"
            connection.sendall(state.encode() if heard[-1].startswith("show") else b"\n\n")


# External


def test_traffic_that_somebody_else_moves() -> None:
    slots = {"slots": ["blue", "green"]}
    silent = driver_of("EXTERNAL", slots)
    assert (silent.read(), silent.apply(GREEN), silent.in_flight("blue")) == ({}, "WAITING", None)
    before = driver_of("EXTERNAL", slots | {"reported": {"blue": 100_000}})
    assert (before.read(), before.apply(GREEN)) == (BLUE, "WAITING")
    after = driver_of("EXTERNAL", slots | {"reported": {"green": 100_000, "blue": 0}})
    assert (after.read(), after.apply(GREEN)) == (GREEN, "ASSERTED")
    with pytest.raises(WeightsRefused):
        after.apply({"blue": 0})
    with pytest.raises(UnknownSlot):
        after.in_flight("red")
