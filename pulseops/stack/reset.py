"""Removes what `up` made under var, so that the next start is the first one again. Plain Python."""

import shutil
from pathlib import Path

from pulseops.stack import identity, lock
from pulseops.stack.addresses import Addresses

# Not the secret key, which harms nobody, nor up.lock, which is being held.
MADE_BY_UP = ("postgres*", "valkey*", "run", "static", "demo.json", "beat-schedule*")


def reset(addresses: Addresses) -> list[str]:
    """Returns the names of what was removed; refuses while the supervisor runs."""
    with lock.held(addresses.lock):
        found = [path for pattern in MADE_BY_UP for path in sorted(addresses.var.glob(pattern))]
        for path in (*found, addresses.sockets, identity.outside_home(addresses)):
            _remove(path)
    return [path.name for path in found]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
