"""The portal's own processes: their names and command lines. Keeping them running is the supervisor's matter."""

import sys
from pathlib import Path

from pulseops.stack.processes import Program

AS_ROOT = "ignore:You're running the worker with superuser privileges"  # harmless here: JSON messages only


def programs(base: Path, listener: int, mail: tuple[int, Path] | None = None) -> list[Program]:
    """Web first, since people wait for it. A long task has its own worker, so that it delays no alert. `mail` is the
    port and the directory of a mail server that keeps what it gets; none where there is a real one."""
    manage = (sys.executable, str(base / "manage.py"))
    celery = (sys.executable, "-W", AS_ROOT, "-m", "celery", "--quiet", "-A", "pulseops.celery")
    commands = {
        "web": (*manage, "serve", "--fd", str(listener)),
        "fast": (*celery, *_worker("fast", concurrency=2)),
        "slow": (*celery, *_worker("slow", concurrency=2)),
        "beat": (*celery, "beat", "--loglevel", "WARNING", "--pidfile="),
        "loops": (*manage, "loops"),
    }
    if mail:
        commands["mail"] = (sys.executable, "-m", "pulseops.stack.mail", str(mail[0]), str(mail[1]))
    return [
        Program(name, command, directory=base, sockets=(listener,) if name == "web" else ())
        for name, command in commands.items()
    ]


def _worker(queue: str, *, concurrency: int) -> tuple[str, ...]:
    """Threads, not forks: tasks wait for the database, HTTP or pg_dump, and 75 MB do what took forks 147 MB."""
    return (
        *("worker", "--queues", queue, "--hostname", f"{queue}@%h", "--loglevel", "WARNING"),
        *("--pool", "threads", "--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )
