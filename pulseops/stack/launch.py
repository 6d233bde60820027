"""Becomes another program that dies with the process that started it and, where asked, without root's rights.

Run as a script (`launch.py PARENT SIGNAL IDENTITY PROGRAM ...`). The standard library only.
"""

import ctypes
import os
import sys
from pathlib import Path

SAME, NAMESPACE = "same", "namespace"  # the third identity is "UID:GID"
NOBODY = 65534
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def main(parent: str, death_signal: str, identity: str, *command: str) -> None:
    if identity == NAMESPACE:
        _enter_namespace()
    elif identity != SAME:
        _become(*map(int, identity.split(":")))
    _die_with(int(parent), int(death_signal))  # after the identity: the kernel forgets it when that changes
    os.execv(command[0], command)  # noqa: S606


def _enter_namespace() -> None:
    """Look like nobody to the program itself; to the rest of the machine the files stay ours."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "this machine refuses user namespaces")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {user} 1"),
        ("gid_map", f"{NOBODY} {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text)


def _become(user: int, group: int) -> None:
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def _die_with(parent: int, death_signal: int) -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel knew
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
