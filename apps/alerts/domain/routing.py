"""Where an alert goes: matchers over labels, and which alerts share one notice. Sends nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from .labels import Labels, Matcher, all_match, label_set
from .rules import Rule

RULE_LABEL, SEVERITY_LABEL = "alertname", "severity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    key: str
    matchers: tuple[Matcher, ...] = ()  # all have to match; none match everything
    channels: tuple[str, ...] = ()  # keys; none means that these alerts go nowhere, on purpose
    group_by: tuple[str, ...] | None = (RULE_LABEL,)  # None: every alert by itself
    continues: bool = False  # later routes are looked at as well


def alert_labels(rule: Rule, labels: Labels) -> Labels:
    """The labels that routes and silences match. The rule's own win over those of its series."""
    return label_set(dict(labels) | {RULE_LABEL: rule.key, SEVERITY_LABEL: rule.severity.value})


def routes_for(routes: Sequence[Route], labels: Labels) -> tuple[Route, ...]:
    """The first that matches; after one that continues, the next that matches as well. Empty: the alert goes
    nowhere."""
    found = []
    for route in routes:
        if all_match(route.matchers, labels):
            found.append(route)
            if not route.continues:
                break
    return tuple(found)


def group_key(route: Route, labels: Labels) -> str:
    """The same for alerts that share a notice. A label that an alert lacks counts as an empty one."""
    known = dict(labels)
    names = sorted(known if route.group_by is None else route.group_by)
    return json.dumps([route.key, [[name, known.get(name, "")] for name in names]], separators=(",", ":"))
