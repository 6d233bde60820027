"""Which contexts are accepted."""

import pytest

from apps.flags.domain.engine.context import InvalidContext, check_context
from apps.flags.domain.engine.limits import MAX_CONTEXT_DEPTH, MAX_CONTEXT_ITEMS, MAX_CONTEXT_SIZE


def nested(levels: int) -> dict[str, object]:
    context: dict[str, object] = {}
    for _ in range(levels - 1):
        context = {"a": context}
    return context


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"targetingKey": "u-1"},
        {"targetingKey": 42},
        {"targetingKey": ""},
        {"targetingKey": None},
        {"a": [1, 1.5, True, None, "x", {"b": []}]},
        {"a": "\ud800"},
        {"a": [0] * MAX_CONTEXT_ITEMS},
        nested(MAX_CONTEXT_DEPTH),
        {"a": "x" * (MAX_CONTEXT_SIZE - 3)},  # 1 for the context, 1 for the name, 1 for the value
    ],
)
def test_accepted(context: dict[str, object]) -> None:
    assert check_context(context) is context


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (None, "JSON object"),
        ([], "JSON object"),
        ("u-1", "JSON object"),
        ({"targetingKey": True}, "targetingKey"),
        ({"targetingKey": False}, "targetingKey"),
        ({"targetingKey": 0.0}, "targetingKey"),
        ({"targetingKey": []}, "targetingKey"),
        ({"targetingKey": {}}, "targetingKey"),
        ({"targetingKey": "\ud800"}, "targetingKey"),
        ({"targetingKey": 2**64}, "targetingKey"),
        ({"a": {1, 2}}, "JSON has no set"),
        ({"a": {1: "x"}}, "names must be text"),
        (nested(MAX_CONTEXT_DEPTH + 1), "deeper"),
        ({"a": [[[[[[[[[]]]]]]]]]}, "deeper"),
        ({"a": "x" * (MAX_CONTEXT_SIZE - 2)}, "larger"),
        ({"a": [0] * (MAX_CONTEXT_ITEMS + 1)}, "1,000 items"),
        ({f"a{n}": [0] * MAX_CONTEXT_ITEMS for n in range(66)}, "larger"),
        ({str(n) * 9: 0 for n in range(10_000)}, "larger"),
    ],
)
def test_refused(context: object, said: str) -> None:
    with pytest.raises(InvalidContext, match=said) as refused:
        check_context(context)
    assert refused.value.code == "INVALID_CONTEXT"
    assert said in refused.value.details
