"""Where the embedded servers keep their data and listen, derived from the var directory alone.

Plain Python without Django: settings and the supervisor both ask here.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SOCKET_PATH_LIMIT_BYTES = 107  # sockaddr_un.sun_path on Linux, without the closing NUL
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Paths and URLs of one installation's embedded servers."""

    var: Path

    @property
    def postgres_data(self) -> Path:
        return self.var / "postgres"

    @property
    def postgres_password(self) -> Path:
        return self.var / "postgres_password"

    @property
    def valkey_data(self) -> Path:
        return self.var / "valkey"

    @property
    def sockets(self) -> Path:
        """The socket directory: below var, or a short stable one in /tmp when var's path is too long."""
        inside = self.var / "run"
        if len(os.fsencode(f"{inside}{LONGEST_SOCKET_NAME}")) <= SOCKET_PATH_LIMIT_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:12]
        return Path(f"/tmp/pulseops-{os.geteuid()}-{digest}")  # noqa: S108 - created with mode 0700

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def lock(self) -> Path:
        """Held by the running supervisor."""
        return self.var / "up.lock"

    @property
    def database_url(self) -> str:
        password = quote(secret(self.postgres_password), safe="")
        return f"postgres://pulseops:{password}@/pulseops?host={quote(str(self.sockets))}"

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self.valkey_socket))}?db=0"


def secret(path: Path) -> str:
    """The secret kept in `path`, made on first use and readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        value = secrets.token_urlsafe(48)
        file.write(value)
    return value
