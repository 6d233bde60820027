"""Random rulesets and contexts for the property tests: small pools, so that values meet often, and odd ones in them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from apps.flags.domain.engine.definitions import (
    All,
    Any,
    Compare,
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
    Operator,
    Override,
    Prerequisite,
    Rule,
    Ruleset,
    Scalar,
    Segment,
    Split,
    Variant,
    Window,
)
from apps.flags.domain.engine.operators import compares_text
from tests.flags.domain.build import NOW, flag

MOMENTS = [datetime.fromtimestamp(NOW + seconds, UTC) for seconds in (-90_000, -60, 0, 60, 90_000)]
DATES: list[Scalar] = [
    NOW,
    NOW * 1_000,
    NOW - 3_600,
    "2026-01-05",
    "2026-01-05T09:00Z",
    "2026-01-05T10:00+01:00",
    "2026-13-01",
]
VERSIONS = ["1.2.3", "1.2.3-beta.1", "2.0.0", "0.1.9", "1.2", "01.0.0", "1.2.3+build"]
ADDRESSES = ["10.1.2.3", "192.168.0.1", "::1", "::ffff:10.1.2.3", "10.1.2.300"]
OPERANDS: dict[Operator, list[object]] = {
    Operator.EXISTS: [None],
    Operator.STARTS_WITH: [("U",), ("u-", "é")],
    Operator.ENDS_WITH: [("S",), ("1", "a")],
    Operator.CONTAINS: [("S", "-"), ("É",)],
    Operator.REGEX: ["^u-[0-9]+$", "(?i)us|de", "é", "."],
    Operator.LT: [0, 1.5, 2**53],
    Operator.LTE: [1],
    Operator.GT: [0, 2**60],
    Operator.GTE: [1.0],
    Operator.BETWEEN: [(0, 1), (-1.5, 1e300)],
    Operator.BEFORE: ["2026-01-05T09:00:00+00:00"],
    Operator.AFTER: ["2026-01-04T23:00:00+00:00"],
    Operator.OLDER_THAN: [60, 86_400],
    Operator.NEWER_THAN: [3_600, 0.5],
    Operator.SEMVER_EQ: ["1.2.3"],
    Operator.SEMVER_LT: ["1.2.3", "2.0.0-rc.1"],
    Operator.SEMVER_LTE: ["1.2.3-beta.1"],
    Operator.SEMVER_GT: ["0.1.9"],
    Operator.SEMVER_GTE: ["1.2.0"],
    Operator.SEMVER_CARET: ["1.2.3", "0.1.0"],
    Operator.SEMVER_TILDE: ["1.2.0"],
    Operator.CIDR: [("10.0.0.0/8",), ("::1/128", "192.168.0.0/16")],
    Operator.HAS_ALL: [("US",), (1, True, "beta")],
    Operator.SIZE: [(0, 1), (2, 9)],
}
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
typical: st.SearchStrategy[Scalar] = st.sampled_from([*DATES, *VERSIONS, *ADDRESSES])
scalars: st.SearchStrategy[Scalar] = texts | st.booleans() | st.sampled_from(NUMBERS) | typical
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


@st.composite
def comparisons(draw: st.DrawFn) -> Compare:
    operator = draw(st.sampled_from(Operator))
    return Compare(
        draw(st.sampled_from(PATHS)),
        operator,
        draw(st.sampled_from(OPERANDS[operator])),  # type: ignore[arg-type]  # the table's own shapes
        ignore_case=compares_text(operator) and draw(st.booleans()),
        if_missing=operator is not Operator.EXISTS and draw(st.booleans()),
    )


equalities = st.builds(
    In, st.sampled_from(PATHS), st.lists(scalars, max_size=4).map(tuple), st.booleans(), st.booleans()
)
members_of = st.builds(InSegment, st.lists(st.sampled_from(SEGMENTS), max_size=2).map(tuple))
leaves: st.SearchStrategy[Condition] = equalities | comparisons() | members_of
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
    by = draw(st.sampled_from([("targetingKey",)] * 3 + [("plan", "name"), ("country",)]))
    fallback = draw(st.sampled_from([None, None, ("targetingKey",), ("groups",)]))
    return Split(tuple((key, edges[n + 1] - edges[n]) for n, key in enumerate(chosen)), by, fallback)


windows = st.none() | st.none() | st.builds(Window, st.none() | st.sampled_from(MOMENTS), st.sampled_from(MOMENTS))
expiries = st.none() | st.sampled_from(MOMENTS)


@st.composite
def overrides(draw: st.DrawFn, keys: tuple[str, ...]) -> tuple[Override, ...]:
    """Mostly none; two may name the same user, which is an invalid definition."""
    units = st.lists(st.sampled_from(["u-1", "u-2", "1", "US", "\ud800"]), min_size=1, max_size=2, unique=True)
    one = st.builds(Override, st.sampled_from(keys), units.map(tuple), expiries)
    return draw(st.just(()) | st.lists(one, max_size=2).map(tuple))


@st.composite
def prerequisites(draw: st.DrawFn) -> tuple[Prerequisite, ...]:
    """Mostly none; some of flags that do not exist, some in circles."""
    other = st.sampled_from(["flag-0", "flag-1", "flag-2", "flag-3", "gone"])
    variants = st.lists(st.sampled_from(["on", "a", "one", "gone"]), min_size=1, max_size=2).map(tuple)
    one = st.builds(Prerequisite, other, variants)
    return draw(st.just(()) | st.just(()) | st.lists(one, max_size=2).map(tuple))


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
        *(Rule(f"r{n}", when, serve, draw(windows)) for n, (when, serve) in enumerate(drawn)),
        key=key,
        type=type,
        variants=variants,
        status=draw(st.sampled_from([FlagStatus.ON] * 8 + [FlagStatus.OFF, FlagStatus.KILLED])),
        default="no such variant" if draw(st.integers(0, 19)) == 7 else keys[0],
        off=keys[-1],
        salt=draw(st.sampled_from(["s1", "s2", key])),
        client_exposed=draw(st.booleans()),
        lock=draw(locked) if draw(st.integers(0, 9)) == 7 else None,
        prerequisites=draw(prerequisites()),
        overrides=draw(overrides(keys)),
    )


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    count = draw(st.integers(0, 4))
    members = st.frozensets(st.sampled_from(["u-1", "1", "US", "\ud800"]))
    return Ruleset(
        version=draw(st.integers(1, 9)),
        flags=tuple(draw(flags(f"flag-{n}")) for n in range(count)),
        segments=tuple(Segment(key, draw(members), draw(st.none() | conditions)) for key in ("beta", "staff")),
    )
