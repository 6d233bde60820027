"""The embedded PostgreSQL: its data directory, clearing what a crash left, its command line, waiting for it.

Plain Python. Listens on a unix socket only and asks every client for a password.
"""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from pulseops.stack import identity
from pulseops.stack.addresses import Addresses, secret
from pulseops.stack.identity import Identity
from pulseops.stack.processes import Program, StackError, command_of, run

START_SECONDS = 60  # recovery after a power cut included
ORPHAN_SECONDS = 10


def prepare(addresses: Addresses, who: Identity, *, durable: bool = True) -> None:
    """Make the data directory on first use, refuse one of another major version, clear stale locks."""
    data = addresses.postgres_data
    if data.is_symlink() and not data.exists():
        raise StackError(f"{data} leads to {data.readlink()}, which is gone. To start over: make reset")
    addresses.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
    identity.own(addresses.sockets, who.owner)
    if not (data / "PG_VERSION").exists():
        _create(addresses, who, durable)
    identity.own(data.resolve(), who.owner)
    _refuse_other_major(data, who)
    clear_stale_locks(addresses)


def server(addresses: Addresses, who: Identity, *, durable: bool = True) -> Program:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(addresses.sockets.resolve()),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "log_checkpoints": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=(str(who.binaries / "postgres"), "-D", str(addresses.postgres_data.resolve()), *settings),
        identity=who.launch_as,
        stop_signal=signal.SIGINT,  # "fast": ends sessions, loses nothing
        orphan_signal=signal.SIGINT,
        log=addresses.var / "postgres.log",
        is_server=True,
    )


def wait_until_ready(addresses: Addresses, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers, then make the portal's database on first use."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with connect(addresses, "postgres") as connection:
                return _ensure_database(connection)
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"PostgreSQL did not start: {_last_words(addresses) or error}") from error
            time.sleep(0.05)


def connect(addresses: Addresses, database: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host=str(addresses.sockets),
        user="pulseops",
        password=secret(addresses.postgres_password),
        dbname=database,
        autocommit=True,
    )


def clear_stale_locks(addresses: Addresses) -> None:
    """Remove the locks of a server that is gone; wait for one whose supervisor was killed.

    PostgreSQL itself gives up when the number in the lock belongs to a zombie or, by now, to another program.
    """
    lock = addresses.postgres_data / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().split("\n", 1)[0] or 0)
    deadline = time.monotonic() + ORPHAN_SECONDS
    while _is_our_server(pid, addresses):
        if time.monotonic() > deadline:
            raise StackError(f"PostgreSQL from an earlier start still runs on this data: kill {pid}")
        time.sleep(0.1)  # the kernel told it to stop when its supervisor died
    for stale in (lock, *addresses.sockets.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)


def _is_our_server(pid: int, addresses: Addresses) -> bool:
    command = command_of(pid)  # empty for a zombie
    return "postgres" in command and str(addresses.postgres_data.resolve()) in command


def _create(addresses: Addresses, who: Identity, durable: bool) -> None:
    """Initialise elsewhere and move it here, so that a killed first start leaves nothing half-made."""
    data = addresses.postgres_data.resolve()
    fresh, password = data.with_name("postgres.new"), addresses.sockets.resolve() / "password"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    password.touch(mode=0o600)
    password.write_text(secret(addresses.postgres_password))
    for path in (fresh, password):
        identity.own(path, who.owner)
    try:
        run(_initdb(who, fresh, password, durable), identity=who.launch_as, failure="initdb failed")
    finally:
        password.unlink()
    fresh.rename(data)


def _initdb(who: Identity, data: Path, password: Path, durable: bool) -> tuple[str, ...]:
    return (
        str(who.binaries / "initdb"),
        *("-D", str(data), "-U", "pulseops", f"--pwfile={password}", "--auth=scram-sha-256"),
        *("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *(() if durable else ("--no-sync",)),
    )


def _refuse_other_major(data: Path, who: Identity) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    said = run((str(who.binaries / "postgres"), "--version"), identity=who.launch_as, failure="No PostgreSQL")
    installed = said.split()[-1].split(".")[0]
    if made_by != installed:
        raise StackError(
            f"{data} was made by PostgreSQL {made_by}; this release brings {installed}. "
            f"Dump it with the release that made it, then restore into a fresh start (docs/operations.md)."
        )


def _ensure_database(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'pulseops'").fetchone():
        connection.execute("CREATE DATABASE pulseops")


def _last_words(addresses: Addresses) -> str:
    return "\n".join((addresses.var / "postgres.log").read_text(errors="replace").splitlines()[-10:])
