"""Plans to start from. The first is what a plan is unless somebody says otherwise."""

from dataclasses import dataclass

from apps.flags.domain.engine.limits import WEIGHT_TOTAL
from apps.flags.domain.rollouts.plans import Stage

HOUR, DAY = 3_600, 86_400
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Template:
    key: str
    name: str
    stages: tuple[Stage, ...]


FOUR_WEEKS = Template(
    "four-weeks",
    "Four weeks: internal, beta testers, early adopters, everyone",
    (
        Stage("Internal", ("internal",), 10_000, WEEK),
        Stage("Beta testers", ("beta-testers",), 25_000, WEEK),
        Stage("Early adopters", ("early-adopters",), 50_000, WEEK),
        Stage("Everyone", (), WEIGHT_TOTAL, WEEK),
    ),
)
THREE_DAYS = Template(
    "three-days",
    "Three days: 1, 5, 25, 50 and 100 % of everyone",
    (
        Stage("1 %", (), 1_000, 4 * HOUR),
        Stage("5 %", (), 5_000, 8 * HOUR),
        Stage("25 %", (), 25_000, 12 * HOUR),
        Stage("50 %", (), 50_000, DAY),
        Stage("Everyone", (), WEIGHT_TOTAL, DAY),
    ),
)
TEMPLATES = {template.key: template for template in (FOUR_WEEKS, THREE_DAYS)}
DEFAULT = FOUR_WEEKS.key
