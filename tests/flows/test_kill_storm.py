"""kill -9 of every process at random moments, under events and a storm of alerts: nothing that was acknowledged is
lost, no notice is lost, and one that comes twice says so by its id."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.kill_storm.fill import LIMIT, SECRET
from tests.flows.kill_storm.installation import CHILDREN, Installation, installed
from tests.flows.kill_storm.receiver import Receiver, receiving
from tests.flows.kill_storm.sender import SERIES, Sender, sending
from tests.flows.kill_storm.verdict import Database, until
from tests.scale import scaled

KILLS = scaled(short=10, long=100)
PAUSE_SECONDS = (0.5, scaled(short=2, long=6))
SEED = int(os.environ.get("PULSEOPS_STORM_SEED", "4"))
LEASE = {"PULSEOPS_NOTICE_LEASE_SECONDS": "6"}  # the receiver hangs for a second at most


@pytest.mark.prove
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and PostgreSQL is embedded on Linux")
def test_whatever_is_killed_nothing_is_lost(tmp_path: Path) -> None:
    with receiving(SECRET, random.Random(SEED)) as (receiver, port):
        egress = {"PULSEOPS_EGRESS_ALLOW": f"127.0.0.1:{port}", "PULSEOPS_LOG_LEVEL": "WARNING"}
        with installed(tmp_path, **LEASE, **egress) as installation:
            sender = Sender(installation.url, filled(installation, f"http://127.0.0.1:{port}/"))
            database = Database(installation.var)
            with sending(sender, SEED):
                killed = kill_at_random(installation, receiver, random.Random(SEED))
            every_rule_still_fires_and_recovers(sender, receiver, database)
            until("rest", lambda: not database.waiting())
            nothing_that_was_acknowledged_is_lost(sender, database)
            every_notice_arrived(receiver, database)
            duplicates_are_rare_and_known_by_their_id(receiver, killed)
            the_trail_holds(installation, tmp_path)
    assert sender.faults == receiver.faults == []
    print(
        f"{len(killed)} kills, {len(sender.events)} events, {len(receiver.taken)} messages, {receiver.duplicates} twice"
    )


def filled(installation: Installation, receiver: str) -> str:
    """The token of an ingest key, once the portal answers."""
    with installation.python("-m", "tests.flows.kill_storm.fill", stdout=subprocess.PIPE) as filling:
        installation.wait_until_it_said(r"Database schema +\d")
        token, _ = filling.communicate(f"{receiver}\n", timeout=120)
    assert filling.returncode == 0
    installation.wait_until_it_said("answers at")
    return token.strip()


def kill_at_random(installation: Installation, receiver: Receiver, dice: random.Random) -> list[str]:
    """Each of them in turn, in an order by chance; every second worker while a notice is under way."""
    killed: list[str] = []
    while len(killed) < KILLS:
        for name in dice.sample(sorted(CHILDREN), len(CHILDREN)):
            if len(killed) < KILLS:
                time.sleep(dice.uniform(*PAUSE_SECONDS))
                if name == "fast" and killed.count(name) % 2 == 0:
                    receiver.under_way.wait(10)
                installation.kill(name)
                killed.append(name)
    return killed


def every_rule_still_fires_and_recovers(sender: Sender, receiver: Receiver, database: Database) -> None:
    receiver.moody = False
    now = str(database.rows("SELECT now()")[0][0])
    sender.push_all(LIMIT + 1)
    until(
        "an alert of every series",
        lambda: database.count("SELECT count(*) FROM alerts_alert WHERE resolved_at IS NULL") == len(SERIES),
    )
    sender.push_all(1)
    until("a verdict on every rule", lambda: not database.unjudged(now))


def nothing_that_was_acknowledged_is_lost(sender: Sender, database: Database) -> None:
    stored = [str(row[0]) for row in database.rows("SELECT event_id FROM monitoring_trackedevent")]
    assert len(stored) == len(set(stored))
    assert set(stored) == sender.events
    samples = "SELECT count(*) FROM monitoring_metricsample"
    assert database.count(samples) == len(set(sender.samples))
    assert database.count("SELECT sum(count) FROM monitoring_metricrollup WHERE resolution = 60") == len(sender.samples)


def every_notice_arrived(receiver: Receiver, database: Database) -> None:
    """Each alert was told once as fired and once as recovered: nothing here silences, pairs or gives up."""
    alerts = {int(str(row[0])) for row in database.rows("SELECT id FROM alerts_alert")}
    notices = database.rows("SELECT alert_id, kind, status FROM alerts_notification")
    assert sorted(notices) == sorted((pk, kind, "SENT") for pk in alerts for kind in ("FIRED", "RECOVERED"))
    assert receiver.heard == {(pk, said) for pk in alerts for said in ("alert.fired", "alert.recovered")}


def duplicates_are_rare_and_known_by_their_id(receiver: Receiver, killed: list[str]) -> None:
    assert receiver.duplicates <= len(killed)
    each = [told for name, told in receiver.told.items()]
    assert sum(map(len, each)) == len(receiver.heard)  # no two ids for the same


def the_trail_holds(installation: Installation, directory: Path) -> None:
    verifying = installation.command("audit", "verify", output=directory / "verdict")
    assert verifying.wait(120) == 0, (directory / "verdict").read_text()
    assert "0 waiting for their seal" in (directory / "verdict").read_text()
