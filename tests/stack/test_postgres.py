"""The embedded servers: a real start, what a crash leaves behind, and who may connect."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from pulseops.stack import identity, postgres, servers
from pulseops.stack.addresses import Addresses
from pulseops.stack.processes import StackError


def setting(addresses: Addresses, name: str) -> object:
    with postgres.connect(addresses, "pulseops") as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        assert row
        return row[0]


def test_servers_start_durable_behind_a_password_and_start_again_after_a_crash(tmp_path: Path) -> None:
    """One test for all of it: every start costs half a second."""
    addresses = Addresses(tmp_path / "my var")
    with servers.running(addresses):
        assert setting(addresses, "fsync") == setting(addresses, "full_page_writes") == "on"
        assert setting(addresses, "listen_addresses") == ""
        assert Redis.from_url(addresses.redis_url).ping()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=str(addresses.sockets), user="pulseops", password="guess", dbname="pulseops")
        with postgres.connect(addresses, "pulseops") as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'Ä' AS word")
    assert not list(addresses.sockets.iterdir())

    leave_a_lock(addresses, pid=os.getpid())  # a number that by now belongs to another program: us
    with servers.running(addresses), postgres.connect(addresses, "pulseops") as connection:
        assert connection.execute("SELECT lower(word) FROM kept").fetchone() == ("ä",)


def leave_a_lock(addresses: Addresses, pid: int) -> None:
    text = f"{pid}\n{addresses.postgres_data}\n"
    for name in (addresses.postgres_data / "postmaster.pid", addresses.sockets / ".s.PGSQL.5432.lock"):
        name.write_text(text)


def test_the_lock_of_a_zombie_is_cleared(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path)
    for directory in (addresses.postgres_data, addresses.sockets):
        directory.mkdir()
    zombie = subprocess.Popen([sys.executable, "-S", "-c", ""], stdout=subprocess.PIPE)
    assert zombie.stdout
    zombie.stdout.read()  # ended, but nobody has waited for it
    leave_a_lock(addresses, zombie.pid)

    postgres.clear_stale_locks(addresses)

    assert not list(addresses.postgres_data.iterdir())
    assert not list(addresses.sockets.iterdir())
    zombie.wait()


def test_data_of_another_major_version_is_refused_in_words(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path)
    addresses.postgres_data.mkdir()
    (addresses.postgres_data / "PG_VERSION").write_text("12\n")

    with pytest.raises(StackError, match=r"made by PostgreSQL 12; this release brings \d\d\."):
        postgres.prepare(addresses, identity.choose(addresses))


def test_data_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    addresses = Addresses(tmp_path)
    addresses.postgres_data.symlink_to(tmp_path / "gone")

    with pytest.raises(StackError, match="which is gone"):
        postgres.prepare(addresses, identity.choose(addresses))
