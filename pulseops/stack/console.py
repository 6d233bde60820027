"""What the operator sees of the supervisor: steps with their seconds, and the children's lines by name."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

COLOURS = (36, 33, 32, 35, 34, 96)
NAME_WIDTH = 8


class Console:
    def __init__(self) -> None:
        self.colour = sys.stdout.isatty()
        self._names: dict[str, int] = {}
        self._inside_line = False

    def say(self, text: str) -> None:
        print("\n" + text if self._inside_line else text, flush=True)
        self._inside_line = False

    def line(self, name: str, text: str) -> None:
        self.say(f"{self._label(name)} {text}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One line per step of the start, with how long it took."""
        began = time.monotonic()
        self._begin(title)
        try:
            yield
        except Exception:
            self._inside_line = False
            self.say("failed")
            raise
        if not self._inside_line:  # a child said something meanwhile
            self._begin(title)
        self._inside_line = False
        self.say(f"{time.monotonic() - began:5.1f} s")

    def _begin(self, title: str) -> None:
        print(f"  {title:<32}", end="", flush=True)
        self._inside_line = True

    def _label(self, name: str) -> str:
        label = f"{name:<{NAME_WIDTH}} |"
        if not self.colour:
            return label
        return f"\033[{COLOURS[self._names.setdefault(name, len(self._names)) % len(COLOURS)]}m{label}\033[0m"
