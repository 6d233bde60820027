"""Children are watched, started again with growing pauses, and stopped in time."""

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulseops.stack import processes, supervisor
from pulseops.stack.console import Console
from pulseops.stack.processes import Program
from pulseops.stack.supervisor import Supervisor, restart_delay


def python(name: str, code: str, **rest: object) -> Program:
    return Program(name, (sys.executable, "-S", "-u", "-c", textwrap.dedent(code)), **rest)  # type: ignore[arg-type]


@pytest.fixture
def watching() -> Iterator[Supervisor]:
    it = Supervisor(Console())
    yield it
    it.stop()


def turn_until(watching: Supervisor, text: str, capsys: pytest.CaptureFixture[str]) -> str:
    seen, deadline = "", time.monotonic() + 10
    while text not in seen:
        assert time.monotonic() < deadline, seen
        watching.turn(0.05)
        seen += capsys.readouterr().out
    return seen


def comes_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_pauses_double_up_to_half_a_minute() -> None:
    assert [restart_delay(failures) for failures in (0, 1, 2, 3, 50)] == [0.5, 1, 2, 4, 30]


def test_a_dead_child_is_reported_with_its_last_lines_and_started_again(
    watching: Supervisor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "restart_delay", lambda failures: 0.1 * failures)
    watching.start(python("web", "print('hello\\nworld', end=''); raise SystemExit(3)"))

    seen = turn_until(watching, "again in 0.2 s", capsys)

    assert seen.count("web      | hello") == 2
    assert "web      | ended with code 3; starts again in 0.1 s. Its last lines:\nweb      |   hello" in seen
    assert "web      |   world" in seen  # though it did not end its last line


def test_stubborn_children_are_killed_together_with_what_they_started(
    watching: Supervisor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.3)
    code = """
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("grandchild", subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"]).pid)
        time.sleep(60)
    """
    watching.start(python("slow", code))
    grandchild = int(turn_until(watching, "grandchild", capsys).split()[-1])

    watching.stop()

    assert "did not stop within 0.3 s: killed" in capsys.readouterr().out
    deadline = time.monotonic() + 5  # a killed process takes a moment to be gone
    while processes.command_of(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.command_of(grandchild) == ""


def test_servers_stop_after_those_who_use_them(watching: Supervisor, tmp_path: Path) -> None:
    code = """
        import signal, sys, time
        def note(*_):
            with open({path!r}, "a") as file:
                file.write({name!r} + " ")
            sys.exit()
        signal.signal(signal.SIGTERM, note)
        open({path!r} + {name!r}, "w").close()
        time.sleep(60)
    """
    order = tmp_path / "order"
    for name in ("database", "cache", "user"):
        server = name != "user"
        log = tmp_path / f"{name}.log" if server else None
        watching.start(python(name, code.format(path=str(order), name=name), is_server=server, log=log))
    while len(list(tmp_path.glob("order*"))) < 3:
        watching.turn(0.05)

    watching.stop()

    assert order.read_text().split() == ["user", "cache", "database"]


def test_no_child_outlives_a_killed_parent() -> None:
    code = f"""
        import sys, time
        from pulseops.stack.processes import Program, start
        print(start(Program("x", ({sys.executable!r}, "-c", "import time; time.sleep(60)"))).pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert comes_true(lambda: processes.command_of(child) != "")  # empty for a moment while it becomes the program

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    assert comes_true(lambda: processes.command_of(child) == "")
