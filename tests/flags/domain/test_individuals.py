"""Overrides as people change them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.flags.domain.engine.definitions import Override
from apps.flags.domain.individuals import is_expired, with_user, without_expired

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ends = st.sampled_from([None, AT, AT + HOUR])
# Each user at most once, as a valid flag has it.
many = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["on", "off"]), ends), unique_by=lambda row: row[0]
)
overrides = many.map(lambda rows: tuple(Override(variant, (user,), end) for user, variant, end in rows))


def given_to(found: tuple[Override, ...]) -> dict[str, tuple[str, datetime | None]]:
    return {key: (one.variant, one.expires_at) for one in found for key in one.targeting_keys}


def test_an_override_ends_just_before_its_expiry() -> None:
    assert is_expired(Override("on", ("a",), AT), AT)
    assert not is_expired(Override("on", ("a",), AT + timedelta(microseconds=1)), AT)
    assert not is_expired(Override("on", ("a",)), AT)


def test_a_user_joins_those_with_the_same_variant_and_end() -> None:
    before = (Override("on", ("a",)), Override("on", ("b",), AT + HOUR))
    assert with_user(before, "c", "on", AT + HOUR) == (Override("on", ("a",)), Override("on", ("b", "c"), AT + HOUR))
    assert with_user(before, "c", "off", None) == (*before, Override("off", ("c",)))


def test_a_user_leaves_the_override_from_before() -> None:
    before = (Override("on", ("a", "b")), Override("off", ("c",)))
    assert with_user(before, "c", "on", None) == (Override("on", ("a", "b", "c")),)
    assert with_user(before, "b", "off", AT) == (
        Override("on", ("a",)),
        Override("off", ("c",)),
        Override("off", ("b",), AT),
    )


@given(overrides, st.sampled_from("abcxyz"), st.sampled_from(["on", "off"]), ends)
def test_one_user_is_set_and_nobody_else_moves(
    before: tuple[Override, ...], unit: str, variant: str, end: datetime | None
) -> None:
    after = with_user(before, unit, variant, end)
    assert given_to(after) == {**given_to(before), unit: (variant, end)}
    named = [key for one in after for key in one.targeting_keys]
    assert len(named) == len(set(named))
    assert all(one.targeting_keys for one in after)


@given(overrides)
def test_removing_the_expired_leaves_the_others(before: tuple[Override, ...]) -> None:
    after = without_expired(before, AT)
    assert given_to(after) == {user: what for user, what in given_to(before).items() if what[1] in (None, AT + HOUR)}
