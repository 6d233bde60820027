"""From what a form holds to the JSON of a rule and its response, and back. Judges nothing."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.text import slugify

from apps.alerts.responses import KINDS, LIMITS

Given = Mapping[str, Any]
PLAIN = (
    "key",
    "name",
    "severity",
    "comparison",
    "threshold",
    "recovery_threshold",
    "for_seconds",
    "keep_firing_for_seconds",
    "no_data",
    "forget_seconds",
    "pair",
    "guard",
    "unit",
    "description",
)
EACH, TOGETHER, ALL = "each", "labels", "all"
CONFIG = "response_config_"  # begins the names of the fields of a response's kind
# Where a problem is told whose path is not the name of its field.
PLACES = {
    "query.denominator": "denominator_metric",
    "query.across": "across_labels",
    "query": "metric",
    "relative": "baseline",
    "relative.minimum": "baseline_minimum",
    "response": "response_kind",
}


def key_from(name: str) -> str:
    """A key as one would choose it: "Too many errors" becomes too_many_errors."""
    key = re.sub(r"[-_]+", "_", slugify(name)).strip("_")[:100].rstrip("_")
    return key if key[:1].isalpha() and key not in ("new", "starter") else f"rule_{key}".rstrip("_")


def definition_of(given: Given) -> dict[str, Any]:
    plain = {name: given[name] for name in PLAIN if given.get(name) is not None}
    return plain | {"query": _query(given), "relative": _relative(given)}


def response_of(given: Given) -> dict[str, Any]:
    kind = KINDS.get(given["response_kind"])
    if kind is None:
        return {}
    limits = {name: given[f"response_{name}"] for name in kind.limits if given[f"response_{name}"] is not None}
    config = {name: given[f"{CONFIG}{name}"] for name in (*kind.fields, *kind.optional) if given[f"{CONFIG}{name}"]}
    return {"kind": kind.name, "dry_run": given["response_dry_run"], **config, **limits}


def given_of(definition: Given, response: Given) -> dict[str, Any]:
    """What the form shows of a rule, which may be any JSON that the domain has read."""
    query, relative = definition["query"], definition.get("relative") or {}
    below, across = query.get("denominator") or {}, query.get("across")
    return {
        **{name: definition[name] for name in PLAIN if name in definition},
        "metric": query["metric"],
        "aggregate": query["aggregate"],
        "window_seconds": query["window_seconds"],
        "matchers": query.get("matchers", []),
        "across": EACH if across is None else TOGETHER if across else ALL,
        "across_labels": across or [],
        "denominator_metric": below.get("metric", ""),
        "denominator_minimum": below.get("minimum"),
        "denominator_matchers": below.get("matchers", []),
        "baseline": relative.get("baseline", ""),
        "baseline_minimum": relative.get("minimum"),
        **_response_given(response),
    }


def place_of(path: str) -> str:
    """The name of the field that a problem's path is about."""
    bare = re.sub(r"\[.*$", "", path)
    if bare in PLACES:
        return PLACES[bare]
    parts = bare.split(".")
    if parts[0] == "response":
        return f"response_{parts[1]}" if parts[1] in ("kind", "dry_run", *LIMITS) else f"{CONFIG}{parts[1]}"
    return "_".join(parts[1:]) if parts[0] == "query" else parts[-1]


def _query(given: Given) -> dict[str, Any]:
    across: dict[str, Any] = {EACH: None, TOGETHER: given["across_labels"], ALL: []}
    return {
        "metric": given["metric"],
        "aggregate": given["aggregate"],
        "window_seconds": given["window_seconds"],
        "matchers": given["matchers"],
        "across": across[given["across"]],
        "denominator": _denominator(given),
    }


def _denominator(given: Given) -> dict[str, Any] | None:
    """Also where only a part of it was typed, so that the domain says what is amiss."""
    metric, matchers, minimum = (given[f"denominator_{name}"] for name in ("metric", "matchers", "minimum"))
    if not (metric or matchers or minimum):
        return None
    return {"metric": metric, "matchers": matchers, "minimum": minimum or 0}


def _relative(given: Given) -> dict[str, Any] | None:
    if not (given["baseline"] or given["baseline_minimum"]):
        return None
    return {"baseline": given["baseline"], "minimum": given["baseline_minimum"] or 0}


def _response_given(response: Given) -> dict[str, Any]:
    if not response:
        return {"response_dry_run": True}
    limits = {f"response_{name}": response[name] for name in LIMITS if name in response}
    rest = {f"{CONFIG}{name}": value for name, value in response.items() if name not in ("kind", "dry_run", *LIMITS)}
    return {"response_kind": response["kind"], "response_dry_run": response.get("dry_run", False), **limits, **rest}
