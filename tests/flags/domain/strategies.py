"""Random rulesets and contexts for the property tests: small pools, so that values meet often, and odd ones in them."""

from hypothesis import strategies as st

from apps.flags.domain.engine.definitions import (
    All,
    Any,
    Condition,
    Fixed,
    Flag,
    FlagStatus,
    FlagType,
    In,
    InSegment,
    Lock,
    Not,
    Nothing,
    Rule,
    Ruleset,
    Scalar,
    Segment,
    Split,
    Variant,
)
from tests.flags.domain.build import flag

ODD_TEXTS = ["", "US", "u-1", "u-2", "1", "True", "beta", "all", "é", "\ud800", "\udfffx", "\0"]
NUMBERS: list[int | float] = [0, 1, -1, 1.0, 1.5, 2**53, 2**70, 1e300]
PATHS = [("country",), ("targetingKey",), ("groups",), ("plan", "name"), ("plan", "name", "deep"), ("plan",)]
SEGMENTS = ["beta", "staff", "all", "gone"]
VARIANTS = {
    FlagType.BOOLEAN: (Variant("on", True), Variant("off", False)),
    FlagType.STRING: (Variant("a", "x"), Variant("b", ""), Variant("c", "é")),
    FlagType.INTEGER: (Variant("one", 1), Variant("two", 2)),
    FlagType.FLOAT: (Variant("one", 1), Variant("half", 0.5), Variant("big", 2**53)),
    FlagType.OBJECT: (Variant("a", {}), Variant("b", {"k": [1, None, {"x": 1.0}]})),
}

texts = st.sampled_from(ODD_TEXTS) | st.text(st.characters() | st.sampled_from("\ud800\udc00"), max_size=4)
scalars: st.SearchStrategy[Scalar] = texts | st.booleans() | st.sampled_from(NUMBERS)
names = st.sampled_from(["country", "targetingKey", "groups", "plan", "name", "deep"]) | texts
json_values = st.recursive(
    st.none() | scalars | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
units = st.sampled_from(["u-1", "u-2", "US", "\ud800", "", 1, 42]) | texts | st.integers(-(2**65), 2**65)
contexts = st.fixed_dictionaries(
    {"targetingKey": units | units | json_values},
    optional={
        "country": json_values,
        "groups": st.sampled_from(SEGMENTS) | st.lists(st.sampled_from(SEGMENTS)) | json_values,
        "plan": st.dictionaries(names, json_values, max_size=3),
    },
)

leaves: st.SearchStrategy[Condition] = st.builds(
    In, st.sampled_from(PATHS), st.lists(scalars, max_size=4).map(tuple)
) | st.builds(InSegment, st.lists(st.sampled_from(SEGMENTS), max_size=2).map(tuple))
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Any, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Nothing, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=6,
)


@st.composite
def splits(draw: st.DrawFn, keys: tuple[str, ...]) -> Split:
    """Some of the variants in any order, with weights that add up; zero is a weight too."""
    chosen = draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    cuts = sorted(draw(st.integers(0, 100_000)) for _ in chosen[1:])
    edges = [0, *cuts, 100_000]
    return Split(tuple((key, edges[n + 1] - edges[n]) for n, key in enumerate(chosen)))


@st.composite
def flags(draw: st.DrawFn, key: str) -> Flag:
    type = draw(st.sampled_from(FlagType))
    variants = VARIANTS[type]
    keys = tuple(variant.key for variant in variants)
    serves = st.builds(Fixed, st.sampled_from(keys)) | splits(keys)
    whens = st.none() | conditions
    drawn = draw(st.lists(st.tuples(whens, serves), min_size=draw(st.sampled_from([0, 1, 1, 2])), max_size=3))
    locked = st.sampled_from(variants).map(lambda one: Lock(one.key, one.value, "FEATURE_X"))
    return flag(
        *(Rule(f"r{n}", when, serve) for n, (when, serve) in enumerate(drawn)),
        key=key,
        type=type,
        variants=variants,
        status=draw(st.sampled_from([FlagStatus.ON] * 8 + [FlagStatus.OFF, FlagStatus.KILLED])),
        default="no such variant" if draw(st.integers(0, 19)) == 7 else keys[0],
        off=keys[-1],
        salt=draw(st.sampled_from(["s1", "s2", key])),
        client_exposed=draw(st.booleans()),
        lock=draw(locked) if draw(st.integers(0, 9)) == 7 else None,
    )


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    count = draw(st.integers(0, 4))
    members = st.frozensets(st.sampled_from(["u-1", "1", "US", "\ud800"]))
    return Ruleset(
        version=draw(st.integers(1, 9)),
        flags=tuple(draw(flags(f"flag-{n}")) for n in range(count)),
        segments=tuple(Segment(key, draw(members)) for key in ("beta", "staff")),
    )
