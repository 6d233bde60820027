"""Starting over removes what `up` made, and nothing else that lies in the directory."""

from pathlib import Path

import pytest

from pulseops.stack import lock
from pulseops.stack.addresses import Addresses
from pulseops.stack.processes import StackError
from pulseops.stack.reset import reset


def a_used_installation(var: Path) -> Addresses:
    for name in ("postgres/base", "valkey", "run", "static", "exports"):
        (var / name).mkdir(parents=True)
    for name in ("postgres_password", "postgres.log", "demo.json", "beat-schedule.db", "secret_key"):
        (var / name).touch()
    return Addresses(var)


def test_what_up_made_is_removed_and_the_rest_stays(tmp_path: Path) -> None:
    reset(a_used_installation(tmp_path))

    assert {path.name for path in tmp_path.iterdir()} == {"exports", "secret_key", "up.lock"}


def test_data_that_a_link_leads_to_stays_where_others_may_use_it(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "postgres").symlink_to(tmp_path / "elsewhere")

    assert reset(Addresses(tmp_path / "var")) == ["postgres"]
    assert (tmp_path / "elsewhere").exists()


def test_a_running_installation_is_left_alone(tmp_path: Path) -> None:
    addresses = a_used_installation(tmp_path)

    with lock.held(addresses.lock), pytest.raises(StackError, match="already runs"):
        reset(addresses)
    assert addresses.postgres_data.exists()
