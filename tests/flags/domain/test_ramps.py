"""Percentage rollouts: raising one never turns anybody off, and the same share is always the same people."""

from hypothesis import given
from hypothesis import strategies as st

from apps.flags.domain.engine.compiler import compile_flag
from apps.flags.domain.engine.definitions import Split
from tests.flags.domain.build import NOW, flag, ramp, rule

USERS = [f"user-{n}" for n in range(300)]
weights = st.integers(0, 100_000)


def people(split: Split, salt: str = "checkout") -> set[str]:
    evaluate = compile_flag(flag(rule(split), salt=salt), {}).evaluate
    return {user for user in USERS if evaluate({"targetingKey": user}, NOW).value}


@given(weights, weights, st.text(min_size=1, max_size=5))
def test_raising_never_turns_anyone_off(one: int, other: int, salt: str) -> None:
    low, high = sorted((one, other))
    assert people(ramp(low), salt) <= people(ramp(high), salt)


@given(weights, weights)
def test_lowering_and_raising_again_keeps_the_same_people(first: int, between: int) -> None:
    before = people(ramp(first))
    people(ramp(between))
    assert people(ramp(first)) == before


@given(weights)
def test_the_order_in_which_weights_are_written_moves_nobody(weight: int) -> None:
    swapped = Split((("off", 100_000 - weight), ("on", weight)))
    assert people(swapped) == people(ramp(weight))


def test_nobody_at_zero_and_everybody_at_the_total() -> None:
    assert people(ramp(0)) == set()
    assert people(ramp(100_000)) == set(USERS)


def test_a_share_is_about_its_size() -> None:
    evaluate = compile_flag(flag(rule(ramp(7_500))), {}).evaluate
    on = sum(bool(evaluate({"targetingKey": f"u{n}"}, NOW).value) for n in range(20_000))
    assert abs(on - 1_500) < 150  # four standard deviations of a fair draw
