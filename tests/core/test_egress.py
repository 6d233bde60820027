"""The guarded way out against real servers on loopback: pinning, rebinding, redirects, transactions, logs."""

import asyncio
import inspect
import logging
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction
from django.test import override_settings

from apps.core import egress
from apps.core.domain.egress import Address, Policy, read_allowed
from apps.core.egress import Egress, Limits, Reply
from apps.core.egress.resolving import from_system
from tests.core.egress_peers import Peer, reply, says, serving


class Names:
    """A name server that gives the next of its answers each time, the last for ever."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): each for name, each in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        answers = self.answers[host]
        return [ip_address(address) for address in (answers.pop(0) if len(answers) > 1 else answers[0])]


def client(*allow: str, names: Names | None = None) -> Egress:
    return Egress(Policy(allow=tuple(map(read_allowed, allow))), resolve=names or Names())


def to(peer: Peer, names: Names | None = None) -> Egress:
    """A client that may go to this peer and nowhere else on loopback."""
    return client(f"{peer.address}:{peer.port}", names=names)


def get(sender: Egress, url: str, **given: Any) -> Reply:
    return egress.run(sender.request("GET", url, **given))


# --- Deliveries and requests ---------------------------------------------------------------------


def test_a_delivery_arrives_as_it_was_given() -> None:
    with serving(reply("202 Accepted", b"taken", X_Id="7")) as peer:
        answer = to(peer).post(f"{peer.url}in?x=1", body=b'{"a":1}', headers={"Content-Type": "application/json"})
    head, _, body = peer.heard[0].partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    sent = {name.lower(): value for name, _, value in (line.partition(": ") for line in fields)}
    assert (first, body) == ("POST /in?x=1 HTTP/1.1", b'{"a":1}')
    assert sent["host"] == f"127.0.0.1:{peer.port}"
    assert (sent["content-type"], sent["content-length"]) == ("application/json", "7")
    assert (sent["accept-encoding"], sent["connection"]) == ("identity", "close")
    assert (answer.status, answer.ok, answer.body, answer.headers["x-id"]) == (202, True, b"taken", "7")
    assert not answer.truncated


def test_a_name_is_looked_up_once_and_the_server_hears_the_name() -> None:
    names = Names(hooks_example=[["127.0.0.1"]])
    with serving(reply()) as peer:
        answer = client(f"127.0.0.1:{peer.port}", names=names).post(f"http://hooks.example:{peer.port}/", body=b"")
    assert answer.status == 200
    assert names.asked == ["hooks.example"]
    assert f"Host: hooks.example:{peer.port}\r\n".encode() in peer.heard[0]


def test_many_requests_at_once_share_a_loop() -> None:
    async def all_of_them(sender: Egress, url: str) -> list[Reply]:
        return await asyncio.gather(*(sender.request("GET", url) for _ in range(20)))

    with serving(reply()) as peer:
        assert [each.status for each in egress.run(all_of_them(to(peer), peer.url))] == [200] * 20


def test_an_ipv6_literal_is_connected_to() -> None:
    with serving(reply(), address="::1") as peer:
        assert get(to(peer), peer.url).status == 200
        with pytest.raises(egress.Forbidden, match="loopback"):
            get(Egress(Policy(ports=None)), peer.url)
    assert f"Host: [::1]:{peer.port}\r\n".encode() in peer.heard[0]
    assert peer.connections == 1


def test_a_dead_address_is_passed_by() -> None:
    names = Names(hooks_example=[["127.0.0.9", "127.0.0.1"]])
    with serving(reply()) as peer:
        sender = client(f"127.0.0.0/8:{peer.port}", names=names)
        assert get(sender, f"http://hooks.example:{peer.port}/").status == 200
    with pytest.raises(egress.Unreachable):
        get(sender, f"http://hooks.example:{peer.port}/")


def test_an_address_that_does_not_answer_gets_its_share_of_the_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    really = asyncio.open_connection

    async def open_connection(address: str, *given: Any, **more: Any) -> Any:
        await asyncio.sleep(60 if address == "127.0.0.9" else 0)
        return await really(address, *given, **more)

    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    names = Names(hooks_example=[["127.0.0.9", "127.0.0.9", "127.0.0.1"]])
    with serving(reply()) as peer:
        sender = client(f"127.0.0.0/8:{peer.port}", names=names)
        assert get(sender, f"http://hooks.example:{peer.port}/", limits=Limits(deadline_seconds=0.9)).status == 200


def test_a_caller_may_say_who_it_is_and_what_it_takes() -> None:
    with serving(reply()) as peer:
        get(to(peer), peer.url, headers={"user-agent": "PulseOps-Check", "Accept": "application/json"})
    lines = peer.heard[0].lower().split(b"\r\n")
    assert [line for line in lines if line.startswith((b"user-agent", b"accept:"))] == [
        b"user-agent: pulseops-check",
        b"accept: application/json",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nHost: b"},
        {"X\r\nY": "a"},
        {"Host": "metadata"},
        {"content-length": "3"},
        {"Transfer-Encoding": "chunked"},
    ],
)
def test_headers_cannot_change_where_a_request_goes_or_ends(headers: dict[str, str]) -> None:
    with serving(reply()) as peer, pytest.raises(ValueError, match=r"sent|set by"):
        to(peer).post(peer.url, body=b"x", headers=headers)
    assert peer.connections == 0


# --- The guard -----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]"])
def test_loopback_is_refused_before_a_connection(host: str) -> None:
    with serving(reply()) as peer:
        with pytest.raises(egress.Forbidden):
            Egress(Policy(ports=None)).post(f"http://{host}:{peer.port}/", body=b"")
        with pytest.raises(egress.Forbidden):
            Egress(Policy(ports=None), resolve=Names(a_example=[["127.0.0.1"]])).vet(f"http://a.example:{peer.port}/")
    assert peer.connections == 0


def test_one_forbidden_answer_among_good_ones_is_enough() -> None:
    for answers in (["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], []):
        with serving(reply()) as peer:
            sender = to(peer, Names(hooks_example=[answers]))
            with pytest.raises(egress.Forbidden):
                sender.post(f"http://hooks.example:{peer.port}/", body=b"")
        assert peer.connections == 0


def test_a_name_that_is_rebound_after_it_was_judged_leads_nowhere_new(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(hooks_example=[["127.0.0.1"], ["127.0.0.2"]])

    def asked_again(*_: object, **__: object) -> None:
        raise AssertionError("the system was asked for a name that had been judged")

    with (
        serving(reply(body=b"judged")) as good,
        serving(reply(body=b"inside"), address="127.0.0.2", port=good.port) as bad,
    ):
        sender = to(good, names)
        monkeypatch.setattr(socket, "getaddrinfo", asked_again)
        assert sender.post(f"http://hooks.example:{good.port}/", body=b"").body == b"judged"
        with pytest.raises(egress.Forbidden):
            sender.post(f"http://hooks.example:{good.port}/", body=b"")
    assert (good.connections, bad.connections) == (1, 0)


def test_a_name_that_is_not_found_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(egress.NameUnknown):
        Egress(Policy()).post("http://hooks.example/", body=b"")


def test_the_system_s_answers_are_judged_too() -> None:
    with pytest.raises(egress.Forbidden, match="localhost leads to a loopback address"):
        Egress(Policy()).vet("http://localhost/")
    assert {address.is_loopback for address in egress.run(from_system("localhost", 80))} == {True}


def test_lookups_work_in_a_child_of_a_process_that_looked_up() -> None:
    code = (
        "import os, signal, time\n"
        "from apps.core import egress\n"
        "from apps.core.egress.resolving import from_system\n"
        "egress.run(from_system('localhost', 80))\n"
        "time.sleep(0.1)\n"  # until the pool counts its thread as free for more
        "child = os.fork()\n"
        "if not child:\n"
        "    signal.alarm(5)\n"
        "    os._exit(0 if egress.run(from_system('localhost', 80)) else 1)\n"
        "raise SystemExit(os.waitpid(child, 0)[1])\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=20)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_proxies_in_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with serving(reply(body=b"direct")) as peer, serving(reply(body=b"proxy")) as proxy:
        monkeypatch.setenv(name, proxy.url)
        assert to(peer).post(peer.url, body=b"").body == b"direct"
    assert proxy.connections == 0


# --- Redirects -----------------------------------------------------------------------------------


def redirect(location: str, status: str = "302 Found") -> Callable[..., None]:
    return reply(status, b"", Location=location)


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_a_redirect_is_not_followed_unless_asked(status: str) -> None:
    with serving(reply()) as target, serving(redirect(target.url, status)) as peer:
        sender = client(f"127.0.0.1:{peer.port}", f"127.0.0.1:{target.port}")
        assert sender.post(peer.url, body=b"").status == int(status[:3])
        assert get(sender, peer.url).status == int(status[:3])
        assert target.connections == 0
        assert get(sender, peer.url, limits=Limits(redirects=1)).status == 200
    assert target.connections == 1


def test_a_redirect_to_a_forbidden_address_is_refused() -> None:
    names = Names(inner_example=[["127.0.0.2"]])
    with serving(reply()) as inner:
        for location in (
            inner.url,
            f"http://inner.example:{inner.port}/",
            "http://169.254.169.254/",
            "//0x7f.1/",
            "file:///",
        ):
            with serving(redirect(location)) as peer, pytest.raises(egress.Forbidden):
                get(to(peer, names), peer.url, limits=Limits(redirects=5))
    assert inner.connections == 0


def test_each_hop_is_looked_up_and_judged_anew() -> None:
    names = Names(hooks_example=[["127.0.0.1"], ["10.0.0.1"]])
    with serving(redirect("/again")) as peer, pytest.raises(egress.Forbidden):
        get(to(peer, names), f"http://hooks.example:{peer.port}/", limits=Limits(redirects=5))
    assert (peer.connections, names.asked) == (1, ["hooks.example"] * 2)


def test_redirects_end() -> None:
    with serving(redirect("/again")) as peer, pytest.raises(egress.TooManyRedirects) as caught:
        get(to(peer), peer.url, limits=Limits(redirects=3))
    assert (peer.connections, caught.value.status) == (4, 302)


def test_another_origin_is_not_told_the_credentials() -> None:
    with serving(reply()) as target, serving(redirect(f"{target.url}x")) as peer:
        sender = client(f"127.0.0.1:{peer.port}", f"127.0.0.1:{target.port}")
        get(sender, peer.url, headers={"Authorization": "Bearer secret"}, limits=Limits(redirects=1))
    assert b"secret" in peer.heard[0]
    assert b"secret" not in target.heard[0]


def test_a_post_with_redirects_is_a_fault_of_the_caller() -> None:
    with serving(reply()) as peer, pytest.raises(ValueError, match="POST"):
        to(peer).post(peer.url, body=b"", limits=Limits(redirects=1))
    assert peer.connections == 0


# --- Transactions --------------------------------------------------------------------------------


async def opens(sender: Egress, peer: Peer) -> None:
    async with sender.connect(peer.address, peer.port):
        pass


CALLS: dict[str, Callable[[Egress, Peer], object]] = {
    "post": lambda sender, peer: sender.post(peer.url, body=b""),
    "vet": lambda sender, peer: sender.vet(peer.url),
    "request": lambda sender, peer: get(sender, peer.url),
    "connect": lambda sender, peer: egress.run(opens(sender, peer)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_inside_a_transaction(call: Callable[[Egress, Peer], object]) -> None:
    with serving(reply()) as peer:
        with transaction.atomic(), pytest.raises(egress.InsideTransaction):
            call(to(peer), peer)
        assert peer.connections == 0
        call(to(peer), peer)


@pytest.mark.django_db
def test_a_refused_loop_leaves_nothing_waiting() -> None:
    async def never() -> None:
        raise AssertionError("started inside a transaction")

    main = never()
    with transaction.atomic(), pytest.raises(egress.InsideTransaction):
        egress.run(main)
    assert inspect.getcoroutinestate(main) == inspect.CORO_CLOSED


def test_a_loop_that_was_started_elsewhere_sends_nothing() -> None:
    with serving(reply()) as peer, pytest.raises(egress.InsideTransaction, match=r"egress\.run"):
        asyncio.run(to(peer).request("GET", peer.url))
    assert peer.connections == 0


@pytest.mark.django_db
def test_the_transaction_of_a_test_case_is_passed_over_but_none_inside_it() -> None:
    assert connection.in_atomic_block
    with serving(reply()) as peer:
        assert to(peer).post(peer.url, body=b"").ok
        with transaction.atomic(), pytest.raises(egress.InsideTransaction):
            to(peer).post(peer.url, body=b"")


# --- What is logged, what is set -----------------------------------------------------------------


def test_neither_logs_nor_errors_hold_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    with serving(says(b"secret\r\n\r\n")) as peer:
        for port, allow in ((peer.port, f"127.0.0.1:{peer.port}"), (peer.port, "10.0.0.0/8"), (1, "127.0.0.1:1")):
            with pytest.raises(egress.EgressError) as caught:
                client(allow).post(
                    f"http://127.0.0.1:{port}/secret?token=secret", body=b"secret", headers={"Authorization": "secret"}
                )
            texts += [repr(caught.value), *traceback.format_exception(caught.value, chain=True)]
        with pytest.raises(ValueError, match="cannot be sent") as refused:
            to(peer).post(peer.url, body=b"", headers={"Authorization": "secret\n"})
    texts += traceback.format_exception(refused.value)
    shown = [line for text in texts for line in text.splitlines() if not line.startswith("    ")]  # source is no leak
    assert not any("secret" in line for line in shown)
    assert caplog.messages == [message for message in caplog.messages if "secret" not in message]
    assert any("egress refused" in message for message in caplog.messages)


def test_the_policies_come_from_the_settings() -> None:
    lists = {
        "EGRESS_ALLOW": ["10.0.0.0/8"],
        "EGRESS_ALLOW_CHECKS": ["192.168.0.0/16"],
        "EGRESS_ALLOW_TRAFFIC": ["10.0.0.1:2019"],
        "EGRESS_PORTS": [443, 8443],
    }
    with override_settings(**lists):
        senders = {"deliveries": egress.deliveries(), "checks": egress.checks(), "traffic": egress.traffic()}
        urls = ["https://10.0.0.1/", "https://192.168.0.1/", "https://8.8.8.8:8443/", "http://8.8.8.8:5432/"]
        urls += ["http://10.0.0.1:2019/", "http://10.0.0.1:2020/"]
        judged = {(name, url): _judged(sender, url) for name, sender in senders.items() for url in urls}
    passed = {each for each, fine in judged.items() if fine}
    assert passed == {
        ("deliveries", "https://10.0.0.1/"),
        ("deliveries", "https://8.8.8.8:8443/"),
        ("checks", "https://192.168.0.1/"),
        ("checks", "https://8.8.8.8:8443/"),
        ("checks", "http://8.8.8.8:5432/"),
        ("traffic", "http://10.0.0.1:2019/"),
        ("traffic", "https://8.8.8.8:8443/"),
        ("traffic", "http://8.8.8.8:5432/"),
    }


def _judged(sender: Egress, url: str) -> bool:
    try:
        sender.vet(url)
    except egress.Forbidden:
        return False
    return True


def test_an_allow_list_that_cannot_be_read_is_told_at_the_start() -> None:
    with override_settings(EGRESS_ALLOW=["10.0.0.1/8"], EGRESS_ALLOW_CHECKS=["fine.example"]):
        (found,) = [each for each in run_checks() if each.id == "pulseops.E001"]
    assert found.msg.startswith("PULSEOPS_EGRESS_ALLOW: '10.0.0.1/8' is no network")
    assert not [each for each in run_checks() if each.id == "pulseops.E001"]


def test_a_dead_name_server_does_not_outlive_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1.5))
    started = time.monotonic()
    with pytest.raises(egress.DeadlinePassed):
        Egress(Policy()).post("http://hooks.example/", body=b"", limits=Limits(deadline_seconds=0.2))
    assert time.monotonic() - started < 1.0
