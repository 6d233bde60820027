"""How traffic is moved: what a configuration may be, and which shares a proxy can hold."""

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deployments.domain.shares import CADDY, HAPROXY, WEIGHT_TOTAL, InvalidWeights, Scale, parts, reachable, shares
from apps.deployments.domain.traffic import Admin, Caddy, External, HaProxy, InvalidTraffic, Kind, parse_config

SLOTS = {"blue": "10.0.0.5:8000", "green": "10.0.0.6:8000"}
CADDY_RAW = {"admin": "10.0.0.4:2019", "handler": "shop", "slots": SLOTS}
HAPROXY_RAW = {"admin": "/run/haproxy/admin.sock", "backend": "shop", "slots": {"blue": "web1", "green": "web2"}}
RAW: dict[str, dict[str, Any]] = {
    "CADDY": CADDY_RAW,
    "HAPROXY": HAPROXY_RAW,
    "EXTERNAL": {"slots": ["blue", "green"]},
}


def test_what_is_read() -> None:
    assert parse_config("CADDY", CADDY_RAW) == Caddy(
        admin=Admin(host="10.0.0.4", port=2019), handler="shop", slots=SLOTS, timeout_seconds=2.0
    )
    assert parse_config("HAPROXY", HAPROXY_RAW | {"timeout_seconds": 1}) == HaProxy(
        admin=Admin(path="/run/haproxy/admin.sock"),
        backend="shop",
        slots={"blue": "web1", "green": "web2"},
        timeout_seconds=1.0,
    )
    reported = {"blue": 95_000, "green": 5_000}
    expected = External(slots=("blue", "green"), reported=reported)
    assert parse_config("EXTERNAL", {"slots": ["blue", "green"], "reported": reported}) == expected
    assert parse_config("EXTERNAL", {"slots": SLOTS}) == External(slots=("blue", "green"), reported={})


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("NGINX", {}, "kind"),
        ("CADDY", {"id": "shop"}, "id"),
        ("CADDY", {"admin": None}, "admin"),
        ("CADDY", {"admin": "10.0.0.4"}, "admin"),
        ("CADDY", {"admin": "10.0.0.4:0"}, "admin"),
        ("CADDY", {"admin": "10.0.0.4:65536"}, "admin"),
        ("CADDY", {"admin": "http://10.0.0.4:2019"}, "admin"),
        ("CADDY", {"admin": "/" + "s" * 107}, "admin"),
        ("CADDY", {"handler": "../config"}, "handler"),
        ("CADDY", {"handler": ""}, "handler"),
        ("CADDY", {"slots": {"blue": "a:1"}}, "slots"),
        ("CADDY", {"slots": {"blue": "a:1", "green": "a:1"}}, "slots"),
        ("CADDY", {"slots": {"blue": "a:1", "Green": "a:2"}}, "slots"),
        ("CADDY", {"slots": ["blue", "green"]}, "slots"),
        ("CADDY", {"slots": {"blue": "a:1", "green": "a 2"}}, "slots.green"),
        ("CADDY", {"slots": {f"s{number}": f"a:{number}" for number in range(1, 10)}}, "slots"),
        ("CADDY", {"timeout_seconds": 0}, "timeout_seconds"),
        ("CADDY", {"timeout_seconds": True}, "timeout_seconds"),
        ("CADDY", {"timeout_seconds": float("nan")}, "timeout_seconds"),
        ("HAPROXY", {"handler": "shop"}, "handler"),
        ("HAPROXY", {"backend": "shop; shutdown sessions"}, "backend"),
        ("HAPROXY", {"backend": "shop\nhelp"}, "backend"),
        ("HAPROXY", {"slots": {"blue": "web1", "green": "web2/x"}}, "slots.green"),
        ("EXTERNAL", {"reported": {"red": 1}}, "reported.red"),
        ("EXTERNAL", {"reported": {"blue": -1}}, "reported.blue"),
        ("EXTERNAL", {"reported": {"blue": 0.5}}, "reported.blue"),
        ("EXTERNAL", {"reported": [1]}, "reported"),
        ("EXTERNAL", {"slots": ["blue", "blue"]}, "slots"),
        ("EXTERNAL", {"slots": "blue"}, "slots"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_field(kind: str, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidTraffic) as refused:
        parse_config(kind, RAW.get(kind, {}) | change)
    assert refused.value.field == field


@pytest.mark.parametrize("kind", Kind)
def test_every_whole_percent_is_reached_exactly(kind: Kind) -> None:
    for percent in range(101):
        weights = {"blue": 100_000 - percent * 1_000, "green": percent * 1_000}
        assert reachable(kind, weights) == weights


@pytest.mark.parametrize(
    ("scale", "green", "expected"),
    [
        (CADDY, 5_000, (19, 1)),
        (HAPROXY, 5_000, (19, 1)),
        (HAPROXY, 33_333, (2, 1)),  # a third is 33,333.3
        (HAPROXY, 100, (256, 1)),  # 0.1 %: the smallest share is 1 of 257
        (CADDY, 100, (999, 1)),
        (CADDY, 1, (999, 1)),  # 0.001 % keeps some
        (HAPROXY, 99_999, (1, 256)),
        (HAPROXY, 0, (1, 0)),
    ],
)
def test_the_numbers_a_proxy_is_told(scale: Scale, green: int, expected: tuple[int, int]) -> None:
    assert tuple(parts({"blue": 100_000 - green, "green": green}, scale).values()) == expected


@given(green=st.integers(0, WEIGHT_TOTAL))
def test_no_pair_of_numbers_that_fits_is_nearer(green: int) -> None:
    """Against every pair that a scale of 12 has. A share that is not nothing keeps some, and not all."""
    scale = Scale(each=12, together=24)
    found = parts({"blue": WEIGHT_TOTAL - green, "green": green}, scale)
    wanted = Fraction(green, WEIGHT_TOTAL)
    pairs = [
        (blue, other)
        for blue, other in product(range(13), repeat=2)
        if bool(other) == (green > 0) and bool(blue) == (green < WEIGHT_TOTAL)
    ]
    nearest = min(abs(Fraction(other, blue + other) - wanted) for blue, other in pairs)
    assert abs(Fraction(found["green"], sum(found.values())) - wanted) == nearest


weights_of_slots = st.lists(st.integers(0, WEIGHT_TOTAL), min_size=1, max_size=7).map(
    lambda cuts: [b - a for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), WEIGHT_TOTAL], strict=True)]
)


@given(weights=weights_of_slots, kind=st.sampled_from(Kind))
def test_what_is_reached_is_whole_and_near_and_reached_from_itself(weights: list[int], kind: Kind) -> None:
    asked = {f"slot-{number}": weight for number, weight in enumerate(weights)}
    reached = reachable(kind, asked)
    assert sum(reached.values()) == WEIGHT_TOTAL
    assert {slot for slot, weight in reached.items() if weight} == {slot for slot, weight in asked.items() if weight}
    assert max(abs(reached[slot] - asked[slot]) for slot in asked) <= (
        0 if kind is Kind.EXTERNAL else 2_700
    )  # seven slots of 0.001 %
    assert reachable(kind, reached) == reached


@given(numbers=st.lists(st.integers(0, 1_000), min_size=2, max_size=8))
def test_shares_make_the_whole(numbers: list[int]) -> None:
    found = shares({str(index): number for index, number in enumerate(numbers)})
    assert sum(found.values()) == (WEIGHT_TOTAL if any(numbers) else 0)
    for index, number in enumerate(numbers):
        assert abs(found[str(index)] - Fraction(number * WEIGHT_TOTAL, sum(numbers) or 1)) < 1


@pytest.mark.parametrize("weights", [{"a": 0}, {}, {"a": 99_999}, {"a": 100_001}, {"a": 150_000, "b": -50_000}])
def test_weights_that_mean_nothing(weights: dict[str, int]) -> None:
    with pytest.raises(InvalidWeights):
        reachable("CADDY", weights)
