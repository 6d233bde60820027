"""The throw-away servers of the test run itself."""

import os
import subprocess
import sys
from pathlib import Path

from tests import servers

REPOSITORY = Path(__file__).parents[2]


def test_a_command_finds_running_servers_and_nothing_is_left_of_them(tmp_path: Path) -> None:
    code = "import os, redis; print(os.environ['DATABASE_URL'], redis.Redis.from_url(os.environ['REDIS_URL']).ping())"
    environment = {name: value for name, value in os.environ.items() if name not in servers.URLS}
    done = subprocess.run(
        [sys.executable, "-m", "tests.servers", sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=environment | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.endswith(" True\n")
    assert not list(tmp_path.iterdir())
