"""What apps above show on pages of apps below: each offers a panel for a subject of theirs, wired by pulseops.wiring.
A page asks `of("deployment", ...)` and includes "core/panels.html"; it knows nobody above. The only inversion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from apps.core.models import Environment


@dataclass(frozen=True, slots=True)
class About:
    """What the page is about, and who looks at it."""

    pk: int
    environment: Environment
    user: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    template: str  # gets `panel`, which is this, beside what the page has: `scope`, `at`
    context: Mapping[str, Any]


class Panel(Protocol):
    """Reads and writes nothing else. None: there is nothing to say, or not to this person."""

    def __call__(self, about: About) -> Shown | None: ...


_panels: dict[str, list[Panel]] = {}


def wire(panels: Mapping[str, Sequence[Panel]]) -> None:
    """Whatever was wired before is forgotten. By subject, in the order in which they are shown."""
    _panels.clear()
    _panels.update({subject: list(offered) for subject, offered in panels.items()})


def of(subject: str, *, pk: int, environment: Environment, user: Any, at: datetime) -> list[Shown]:
    """For the context of a page, under `panels`. Subjects: "deployment"."""
    about = About(pk, environment, user, at)
    shown = (panel(about) for panel in _panels.get(subject, ()))
    return [one for one in shown if one is not None]
