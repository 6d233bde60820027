"""Paths and URLs follow from the var directory alone."""

import os
import stat
from pathlib import Path

import environ
import pytest
from redis import Redis

from pulseops.stack.addresses import LONGEST_SOCKET_NAME, SOCKET_PATH_LIMIT_BYTES, Addresses, secret


def test_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = secret(tmp_path / "below" / "key")

    assert secret(tmp_path / "below" / "key") == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "below" / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["var", "my var", "hundert%20prozent", "ä", "a" * 120])
def test_urls_lead_to_the_sockets_whatever_the_directory_is_called(tmp_path: Path, name: str) -> None:
    addresses = Addresses(tmp_path / name)

    database = environ.Env.db_url_config(addresses.database_url)
    assert database["OPTIONS"]["host"] == str(addresses.sockets)
    assert database["PASSWORD"] == secret(addresses.postgres_password)
    connection = Redis.from_url(addresses.redis_url).connection_pool.make_connection()
    assert getattr(connection, "path", None) == str(addresses.valkey_socket)
    assert len(os.fsencode(f"{addresses.sockets}{LONGEST_SOCKET_NAME}")) <= SOCKET_PATH_LIMIT_BYTES


def test_long_directories_get_different_socket_directories(tmp_path: Path) -> None:
    one, two = Addresses(tmp_path / ("a" * 120)), Addresses(tmp_path / ("b" * 120))

    assert one.sockets.parent == two.sockets.parent == Path("/tmp")
    assert one.sockets != two.sockets
