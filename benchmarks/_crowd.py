"""What every contender of evaluation.py is asked, and what a contender is. No contender is here."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Protocol

COUNTRIES = ("US", "CA", "DE", "FR", "GB", "JP", "BR", "IN")
PLANS = ("free", "pro", "team", "enterprise")
FLAGS, RULES, USERS, ROLLOUT = 100, 6, 2_000, 30_000
EXPECTED_ON = 0.075  # half of the countries, half of the plans, 30 % of those
NOW = 1_767_603_600.0  # seconds since 1970
KEYS = [f"flag-{n}" for n in range(FLAGS)]

User = tuple[str, str, str]  # id, country, plan


@dataclass(frozen=True)
class Contender:
    name: str
    run: Callable[[], None]  # answers every user once
    on_rate: Callable[[], float]  # share of answers that are on, not timed


def rule(n: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The countries and plans of the n-th distinct rule."""
    return tuple(islice(cycle(COUNTRIES), n, n + 4)), tuple(islice(cycle(PLANS), n, n + 2))


def users() -> list[User]:
    return [(f"user-{n}", COUNTRIES[n % 8], PLANS[n // 8 % 4]) for n in range(USERS)]


CROWD = users()
# One flag per user, all flags in turn.
ASKED = [(KEYS[n * 7 % FLAGS], *user) for n, user in enumerate(CROWD)]


class Entry(Protocol):
    """One product, with the ways in which it can be asked."""

    one: list[Contender]
    many: list[Contender]
