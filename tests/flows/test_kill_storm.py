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
from tests.flows.kill_storm.verdict import OPEN_ALERTS, Database, until
from tests.scale import scaled

KILLS = scaled(short=10, long=100)
LONGEST_PAUSE_SECONDS = scaled(short=1, long=8)  # what died often starts again after up to 30 s
# What the portal derives by itself each minute, such as active users, nobody has sent.
PUSHED = "series_id IN (SELECT id FROM monitoring_metricseries WHERE name LIKE 'errors_%')"
SEED = int(os.environ.get("PULSEOPS_STORM_SEED", "4"))


@pytest.mark.prove
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and PostgreSQL is embedded on Linux")
def test_whatever_is_killed_nothing_is_lost(tmp_path: Path) -> None:
    with receiving(SECRET, random.Random(SEED)) as receiver, installed(tmp_path, receiver.port) as installation:
        sender, database = Sender(installation.url, filled(installation, receiver)), Database(installation.var)
        with sending(sender, SEED):
            until("the first notice", lambda: bool(receiver.taken))
            kill_at_random(installation, receiver, random.Random(SEED))
        every_rule_still_fires_and_recovers(sender, receiver, database)
        nothing_that_was_acknowledged_is_lost(sender, database)
        every_notice_arrived(receiver, database)
        what_came_twice_says_so_by_its_id(receiver)
        the_trail_holds(installation, tmp_path)
    print(
        f"\n{KILLS} kills, {len(sender.events):,} events and {len(sender.samples):,} samples in spite of"
        f" {sender.refused} requests that were not acknowledged; {len(receiver.heard)} notices in"
        f" {len(receiver.taken)} messages, {receiver.duplicates} of them twice, {receiver.failed} failed at first"
    )


def filled(installation: Installation, receiver: Receiver) -> str:
    """The token of an ingest key, once the portal answers."""
    with installation.python("-m", "tests.flows.kill_storm.fill", stdout=subprocess.PIPE) as filling:
        installation.wait_until_it_said(r"Database schema +\d")
        token, _ = filling.communicate(f"{receiver.url}\n", timeout=120)
    assert filling.returncode == 0
    installation.wait_until_it_said("answers at")
    return token.strip()


def kill_at_random(installation: Installation, receiver: Receiver, dice: random.Random) -> None:
    """Each of them in turn, in an order by chance; every second time the worker while a notice is under way."""
    rounds = (dice.sample(sorted(CHILDREN), len(CHILDREN)) for _ in range(KILLS))
    for number, name in enumerate([name for each in rounds for name in each][:KILLS]):
        time.sleep(dice.uniform(0.2, LONGEST_PAUSE_SECONDS))
        if name == "fast" and number // len(CHILDREN) % 2 == 0:
            receiver.under_way.wait(10)
        installation.kill(name)


def every_rule_still_fires_and_recovers(sender: Sender, receiver: Receiver, database: Database) -> None:
    receiver.moody = False
    until("the database", lambda: bool(database.now()))  # it may have been killed last
    now = database.now()
    sender.push_all(LIMIT + 1)
    until("an alert of every series", lambda: database.count(OPEN_ALERTS) == len(SERIES))
    sender.push_all(1)
    until("a verdict on every rule", lambda: not database.unjudged(now))
    until("rest", lambda: not database.waiting())


def nothing_that_was_acknowledged_is_lost(sender: Sender, database: Database) -> None:
    assert sender.faults == []
    stored = [str(row[0]) for row in database.rows("SELECT event_id FROM monitoring_trackedevent")]
    assert len(stored) == len(set(stored))
    assert set(stored) == sender.events
    assert database.count(f"SELECT count(*) FROM monitoring_metricsample WHERE {PUSHED}") == len(sender.samples)
    rolled_up = f"SELECT sum(count) FROM monitoring_metricrollup WHERE resolution = 60 AND {PUSHED}"
    assert database.count(rolled_up) == len(sender.samples)


def every_notice_arrived(receiver: Receiver, database: Database) -> None:
    """Each alert was told once as fired and once as recovered: nothing here silences, pairs or gives up."""
    assert receiver.faults == []
    alerts = {int(str(row[0])) for row in database.rows("SELECT id FROM alerts_alert")}
    notices = database.rows("SELECT alert_id, kind, status FROM alerts_notification")
    assert sorted(notices) == sorted((pk, kind, "SENT") for pk in alerts for kind in ("FIRED", "RECOVERED"))
    assert receiver.heard == {(pk, said) for pk in alerts for said in ("alert.fired", "alert.recovered")}


def what_came_twice_says_so_by_its_id(receiver: Receiver) -> None:
    assert receiver.duplicates <= KILLS
    assert sum(map(len, receiver.told.values())) == len(receiver.heard)  # no two ids for the same


def the_trail_holds(installation: Installation, directory: Path) -> None:
    verifying = installation.command("audit", "verify", output=directory / "verdict")
    verifying.communicate(timeout=120)
    told = (directory / "verdict").read_text()
    assert verifying.returncode == 0, told
    assert " 0 waiting for their seal" in told
