"""Removes what `up` made under var, so that the next start is the first one again. Plain Python."""

import shutil
from pathlib import Path

from pulseops.stack import identity, lock
from pulseops.stack.addresses import Addresses

# The secret key and up.lock stay: the one harms nobody, the other is being held.
MADE_BY_UP = (
    *(
        "postgres",
        "postgres.new",
        "postgres_password",
        "postgres.log",
        "postgresql",
        "run",
        "valkey",
        "valkey.log",
    ),
    *("static", "demo.json", "beat-schedule", "beat-schedule.db", "beat-schedule.dat", "beat-schedule.dir"),
)


def reset(addresses: Addresses) -> list[str]:
    """Returns the names of what was removed; refuses while the supervisor runs."""
    with lock.held(addresses.lock):
        removed = [name for name in MADE_BY_UP if _remove(addresses.var / name)]
        _remove(identity.outside_home(addresses))
    return removed


def _remove(path: Path) -> bool:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        return False
    return True
