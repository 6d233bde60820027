"""What the supervisor prints."""

import pytest

from pulseops.stack.console import Console


def test_a_childs_line_interrupts_a_step_without_mixing_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    with console.step("First page"):
        console.line("web", "hello")

    first, line, last = capsys.readouterr().out.splitlines()
    assert first.split() == ["First", "page"]
    assert line == "web      | hello"
    assert last.split() == ["First", "page", "0.0", "s"]


def test_a_failed_step_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    with pytest.raises(ValueError, match="broken"), console.step("Database"):
        raise ValueError("broken")

    assert capsys.readouterr().out.split() == ["Database", "failed"]


def test_only_a_terminal_sees_colours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Console().line("web", "plain")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    console = Console()
    for name in ("web", "fast", "web"):
        console.line(name, "coloured")

    plain, web, fast, again = capsys.readouterr().out.splitlines()
    assert plain == "web      | plain"
    assert web == again
    assert web.startswith("\033[")
    assert web[:5] != fast[:5]
