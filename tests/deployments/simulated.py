"""Canaries that never were: requests and errors of both sides minute by minute, seeded, and when a judge says bad."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from apps.deployments.domain.judging.findings import Verdict
from apps.deployments.domain.judging.judge import judge
from apps.deployments.domain.judging.policy import Look, Policy
from apps.deployments.domain.observations import Side

POLICY = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    canary_errors: float  # share of requests
    baseline_errors: float
    canary_requests: int = 60  # a minute
    baseline_requests: int = 1_140


class Counts(NamedTuple):
    """Of one minute."""

    canary: int
    canary_requests: int
    baseline: int
    baseline_requests: int


History = list[Counts]
Judge = Callable[[History, int], bool]  # the minutes so far, and how many looks are planned: is it bad


def first_bad(release: Release, chance: random.Random, looks: int, *judges: Judge) -> list[int | None]:
    """Look by look, one a minute, all judges on the same canary: at which one each says bad."""
    history: History = []
    found: list[int | None] = [None] * len(judges)
    for counts in _minutes(release, chance, looks):
        history.append(counts)
        for place, bad in enumerate(judges):
            if found[place] is None and bad(history, looks):
                found[place] = len(history)
        if None not in found:
            break
    return found


def _minutes(release: Release, chance: random.Random, looks: int) -> Iterator[Counts]:
    for _ in range(looks):
        yield Counts(
            binomial(release.canary_requests, release.canary_errors, chance),
            release.canary_requests,
            binomial(release.baseline_requests, release.baseline_errors, chance),
            release.baseline_requests,
        )


def binomial(trials: int, share: float, chance: random.Random) -> int:
    """How many of so many trials succeed, by the gaps between them."""
    found, place, log = 0, 0, math.log1p(-share)
    while (place := place + int(math.log(1 - chance.random()) / log) + 1) <= trials:
        found += 1
    return found


def ours(history: History, looks: int) -> bool:
    return _bad(Counts(*(sum(column) for column in zip(*history, strict=True))), Look(len(history), looks))


@cache
def _bad(counts: Counts, look: Look) -> bool:
    judged = judge(
        Side(requests=counts.canary_requests, errors=counts.canary),
        Side(requests=counts.baseline_requests, errors=counts.baseline),
        look,
        POLICY,
    )
    return judged.verdict is Verdict.BAD


def share_by(minute: int, found: list[int | None]) -> float:
    return sum(each is not None and each <= minute for each in found) / len(found)
