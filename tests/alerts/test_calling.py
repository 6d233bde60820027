"""Asking a real receiver on loopback to act: what arrives, what is tried again, and that nothing is lost."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, Channel, Response
from apps.alerts.services import calling
from apps.core import egress
from apps.core.models import AuditEntry, Environment
from tests.core.egress_peers import Answer, Peer, reply, says, serving
from tests.factories import ACTOR, AT, make_flag, make_project, make_rule, push
from tests.factories.delivery import SECRET, make_channel, make_route

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
CALL: dict[str, Any] = {"kind": "call_webhook", "channel": "runbook", "ask": "restart checkout"}


@pytest.fixture
def environment() -> Environment:
    environment = make_project(key="shop").environments.get(key="production")
    make_route(environment.project)  # leads nowhere: only the response is of interest here
    return environment


@pytest.fixture
def opened(settings: Any) -> Any:
    @contextmanager
    def opened(environment: Environment, answer: Answer) -> Iterator[Peer]:
        """The project's webhook leads to this receiver."""
        with serving(answer) as peer:
            settings.EGRESS_ALLOW = [f"127.0.0.1:{peer.port}"]
            about: dict[str, Any] = {"config": {"url": peer.url, "secrets": [SECRET]}}
            known = Channel.objects.filter(key="runbook").first()
            if known is None:
                make_channel(environment.project, key="runbook", **about["config"])
            else:
                signed: dict[str, Any] = {"actor": ACTOR, "reason": "", "at": AT, "expected_version": None}
                services.update_channel(channel_id=known.pk, **about, **signed)
            yield peer

    return opened


def fire(environment: Environment, response: dict[str, Any] = CALL, seconds: float = 60, **rule: Any) -> Response:
    make_rule(environment, **{"key": f"errors-{Response.objects.count()}", "response": response} | rule)
    at = AT + seconds * SECOND
    push(environment, "errors", (at, 9), host="a")
    services.judge_due(at=at)
    services.respond_due(at=at)
    return Response.objects.latest("pk")


def again(row: Response, at: datetime) -> Response:
    services.respond_due(at=at)
    row.refresh_from_db()
    return row


def heard(peer: Peer, n: int = -1) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and body of one request."""
    head, _, body = peer.heard[n].partition(b"\r\n\r\n")
    lines = [line.decode().partition(": ") for line in head.split(b"\r\n")[1:]]
    return {name.lower(): value for name, _colon, value in lines}, json.loads(body)


def test_the_receiver_learns_which_alert_asks_for_what_and_can_check_that_it_is_us(
    environment: Environment, opened: Any
) -> None:
    with opened(environment, reply()) as peer:
        done = fire(environment)
    headers, body = heard(peer)
    alert = Alert.objects.get()
    assert (done.status, done.attempts) == ("DONE", 1)
    assert done.told == "called the webhook runbook for “restart checkout”, and it answered that it has the request"
    assert (body["type"], body["timestamp"]) == ("alert.action_requested", "2026-01-05T09:01:00+00:00")
    assert (body["data"]["ask"], body["data"]["request_id"]) == ("restart checkout", headers["webhook-id"])
    told = body["data"]["alert"]
    assert (told["alert_id"], told["rule"], told["value"], told["labels"]) == (alert.pk, "errors-0", 9, {"host": "a"})
    assert told["url"].endswith(f"/admin/p/shop/production/alerts/{alert.pk}/")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    raw = peer.heard[0].partition(b"\r\n\r\n")[2]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    entry = AuditEntry.objects.get(kind="alerts.response_done")
    assert (entry.subject_id, entry.reason) == (str(alert.pk), done.told)


BAD: dict[str, Answer] = {
    "fails": reply("500 Internal Server Error"),
    "redirects": reply("302 Found", Location="http://127.0.0.1:1/elsewhere"),
    "answers nonsense": says(b"\x00\xffSSH-2.0-nonsense\r\n\r\n"),
    "says nothing": says(),
    "breaks off": says(b"HTTP/1.1 2"),
    "hangs": lambda *_: time.sleep(2),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_what_does_not_arrive_is_asked_again_under_the_same_id(
    environment: Environment, opened: Any, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.alerts.gateways.posting.LIMITS", egress.Limits(deadline_seconds=0.3))
    with opened(environment, answer) as peer:
        row = fire(environment)
        assert (row.status, row.attempts, row.due_at) == ("PENDING", 1, AT + 70 * SECOND)
        assert row.told
        first = heard(peer)[0]["webhook-id"]
    with opened(environment, reply()) as well:
        assert again(row, AT + 69 * SECOND).status == "PENDING"
        assert not well.heard
        assert again(row, AT + 70 * SECOND).status == "DONE"
    assert heard(well)[0]["webhook-id"] == first == str(row.call_id)


def test_what_never_arrives_is_told_as_failed(environment: Environment, opened: Any) -> None:
    with opened(environment, reply("503 Service Unavailable")) as peer:
        row, moments = fire(environment), []
        while row.status == "PENDING":
            moments.append(int((row.due_at - AT).total_seconds()))  # type: ignore[operator]
            row = again(row, row.due_at)  # type: ignore[arg-type]
    assert moments == [70, 90, 130, 210]  # 10, 20, 40 and 80 seconds after each failure
    assert (row.status, row.told, len(peer.heard)) == ("FAILED", "the receiver answered 503", 5)
    assert AuditEntry.objects.get(kind="alerts.response_failed").reason == "the receiver answered 503"


def test_a_receiver_may_ask_for_a_pause(environment: Environment, opened: Any) -> None:
    with opened(environment, reply("429 Too Many Requests", Retry_After="300")):
        assert fire(environment).due_at == AT + 360 * SECOND


def test_a_receiver_that_is_gone_is_not_asked_again(environment: Environment, opened: Any) -> None:
    with opened(environment, reply("410 Gone")):
        row = fire(environment)
    assert (row.status, Channel.objects.get(key="runbook").enabled) == ("FAILED", False)
    told = fire(environment, seconds=75).told
    assert told == (
        "calls the webhook runbook for “restart checkout” not: "
        "the channel is off: the receiver answered 410: it is closed for good"
    )


def test_the_egress_guard_stands_before_it(environment: Environment, opened: Any, settings: Any) -> None:
    with opened(environment, reply()) as peer:
        settings.EGRESS_ALLOW = []
        row = fire(environment)
    assert (row.status, peer.connections) == ("PENDING", 0)


def test_a_worker_that_dies_between_call_and_note_leaves_a_row_that_is_called_again(
    environment: Environment, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nothing catches it, as nothing catches SIGKILL."""

    def dies(*_: Any) -> None:
        raise Killed

    with opened(environment, reply()) as peer:
        with monkeypatch.context() as patch:
            patch.setattr(calling, "_held", dies)
            with pytest.raises(Killed):
                fire(environment)
        row = Response.objects.get()
        assert (row.status, row.lease, row.due_at) == ("PENDING", 1, AT + 120 * SECOND)
        assert again(row, AT + 119 * SECOND).status == "PENDING"  # its lease holds
        assert again(row, AT + 120 * SECOND).status == "DONE"
        assert [heard(peer, n)[0]["webhook-id"] for n in (0, 1)] == [str(row.call_id)] * 2


def test_whoever_lost_its_lease_settles_nothing(
    environment: Environment, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker hangs in its call for longer than its lease, and another one claims the row meanwhile."""
    call = calling._call

    def slow(claimed: Any, at: datetime) -> Any:
        outcome = call(claimed, at)
        Response.objects.update(lease=claimed.lease + 1)  # as the next claim does
        return outcome

    monkeypatch.setattr(calling, "_call", slow)
    with opened(environment, reply()) as peer:
        row = fire(environment)
    assert (row.status, row.told, row.due_at, len(peer.heard)) == ("PENDING", "", AT + 120 * SECOND, 1)


def test_nobody_calls_for_ever_when_workers_die_each_time(environment: Environment, opened: Any) -> None:
    with opened(environment, reply()) as peer:
        row = fire(environment, CALL | {"dry_run": True})
        Response.objects.update(status="PENDING", attempts=5, lease=5, dry_run=False, due_at=AT)
        row = again(row, AT + 120 * SECOND)
    assert (row.status, peer.connections) == ("FAILED", 0)
    assert row.told == "nobody came back from any attempt; it may have been called"


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (CALL | {"dry_run": True}, "this is a dry run: otherwise it would have acted now"),
        (CALL | {"daily_budget": 0}, "its budget is 0 actions a day"),
        (CALL | {"channel": "nowhere"}, "there is no webhook nowhere here any more"),
        (CALL | {"channel": "mail"}, "there is no webhook mail here any more"),
    ],
)
def test_the_guards_hold_for_calls_too(
    environment: Environment, opened: Any, response: dict[str, Any], why: str
) -> None:
    make_channel(environment.project, key="mail", kind="EMAIL")
    with opened(environment, reply()) as peer:
        row = fire(environment, response)
    assert (row.status, peer.connections) == ("REFUSED", 0)
    assert why in row.told


def test_the_same_is_not_asked_twice_within_the_cooldown_and_other_things_are(
    environment: Environment, opened: Any
) -> None:
    with opened(environment, reply()):
        assert fire(environment).status == "DONE"
        second = fire(environment, seconds=120)
        assert second.status == "REFUSED"
        assert "it acted at 09:01 UTC and then waits 15 minutes, until 09:16" in second.told
        assert fire(environment, CALL | {"ask": "page the database team"}, seconds=135).status == "DONE"


def test_a_call_on_its_way_counts_as_made(environment: Environment, opened: Any) -> None:
    with opened(environment, reply("503 Service Unavailable")):
        assert fire(environment).status == "PENDING"
        assert "it acted at 09:01 UTC" in fire(environment, seconds=65).told


def test_a_call_needs_no_change_of_ours_to_be_to_blame(environment: Environment) -> None:
    with pytest.raises(services.InvalidRule) as refused:
        make_rule(environment, response=CALL | {"changed_within_seconds": 60})
    assert list(refused.value.message_dict) == ["response.changed_within_seconds"]


def test_a_receiver_that_hangs_keeps_no_flag_alive(
    environment: Environment, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deeds come first in a sweep, and a channel that failed is left alone for the rest of it."""
    monkeypatch.setattr("apps.alerts.gateways.posting.LIMITS", egress.Limits(deadline_seconds=0.3))
    make_flag(project=environment.project, key="checkout", on=True)
    make_rule(environment, key="one", response=CALL)
    make_rule(environment, key="two", response=CALL | {"ask": "something else"})
    make_rule(environment, key="three", response={"kind": "kill_flag", "flag": "checkout"})
    order: list[str] = []
    record = AuditEntry.objects.bulk_create

    def noted(entries: list[AuditEntry]) -> list[AuditEntry]:
        order.extend(entry.kind for entry in entries)
        return record(entries)

    monkeypatch.setattr(AuditEntry.objects, "bulk_create", noted)
    push(environment, "errors", (AT, 9))

    def hangs(*_: Any) -> None:
        order.append("called")
        time.sleep(2)

    with opened(environment, hangs) as peer:
        services.judge_due(at=AT)
        assert services.respond_due(at=AT) == 1
    assert order.index("flags.killed") < order.index("called")
    assert peer.connections == 1
    waiting = Response.objects.filter(kind="call_webhook").order_by("pk")
    assert [(row.status, row.attempts) for row in waiting] == [("PENDING", 1), ("PENDING", 0)]
