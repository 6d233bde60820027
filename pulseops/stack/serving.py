"""The web server process: uvicorn on the portal's ASGI application, ending within seconds when asked.

No rules and no URLs live here.
"""

import resource
import socket
from types import FrameType

import uvicorn

from apps.core.live import shutdown

GRACE_SECONDS = 3  # for requests under way, after the streams were told to end
BACKLOG = 2048


class Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        shutdown.begin()  # before uvicorn waits for connections: open streams end by themselves
        super().handle_exit(sig, frame)


def listen(host: str, port: int) -> socket.socket:
    """The listening socket; OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def raise_descriptor_limit() -> None:
    """As many open streams as the system allows; the usual soft limit of 1,024 is the shell's, not ours."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def serve(listener: socket.socket, *, access_log: bool = False) -> None:
    config = uvicorn.Config(
        "pulseops.asgi:application",
        http="httptools",
        loop="uvloop",
        access_log=access_log,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    raise_descriptor_limit()
    Server(config).run(sockets=[listener])
