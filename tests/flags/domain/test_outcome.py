"""The finished JSON, by the schemas of OFREP 0.3.0 and by what its clients insist on."""

import orjson
import pytest
from jsonschema import Draft202012Validator

from apps.flags.domain.engine.compiler import compile_flag
from apps.flags.domain.engine.definitions import Fixed, Flag, FlagType, Lock, Variant
from tests.flags.domain.build import NOW, flag, ramp, rule

# serverEvaluationSuccess and evaluationFailure of service/openapi.yaml, with the demand of the Python
# provider added that variant and reason are always there.
SUCCESS = Draft202012Validator(
    {
        "type": "object",
        "required": ["key", "value", "reason", "variant", "metadata"],
        "additionalProperties": False,
        "properties": {
            "key": {"type": "string"},
            "value": {"type": ["boolean", "string", "number", "object"]},
            "reason": {"enum": ["STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED"]},
            "variant": {"type": "string"},
            "metadata": {
                "type": "object",
                "additionalProperties": {"type": ["boolean", "string", "number"]},
            },
        },
    }
)
FAILURE = Draft202012Validator(
    {
        "type": "object",
        "required": ["key", "errorCode", "errorDetails"],
        "additionalProperties": False,
        "properties": {
            "key": {"type": "string"},
            "errorCode": {"enum": ["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL"]},
            "errorDetails": {"type": "string"},
        },
    }
)


def fragment(of: Flag, context: dict[str, object]) -> bytes:
    return compile_flag(of, {}).evaluate(context, NOW).fragment


def typed(type: FlagType, value: object) -> Flag:
    return flag(type=type, variants=(Variant("v", value),), default="v", off="v")


@pytest.mark.parametrize(
    ("type", "value", "written"),
    [
        (FlagType.BOOLEAN, True, b"true"),
        (FlagType.STRING, 'a "quoted" \u00e9', '"a \\"quoted\\" \u00e9"'.encode()),
        (FlagType.STRING, "", b'""'),
        (FlagType.INTEGER, 1, b"1"),
        (FlagType.INTEGER, -(2**53), b"-9007199254740992"),
        (FlagType.FLOAT, 1, b"1.0"),  # clients check the type, and 1 is not a float
        (FlagType.FLOAT, -0.5, b"-0.5"),
        (FlagType.OBJECT, {"a": [1, None]}, b'{"a":[1,null]}'),
    ],
)
def test_values_are_written_in_the_type_of_the_flag(type: FlagType, value: object, written: bytes) -> None:
    body = fragment(typed(type, value), {})
    head, tail = b'{"key":"checkout","value":', b',"reason":"STATIC","variant":"v","metadata":{"flagVersion":1}}'
    assert body == head + written + tail
    SUCCESS.validate(orjson.loads(body))


def test_a_locked_whole_number_of_a_float_flag_is_written_as_a_float() -> None:
    locked = Lock("environment", 3, "FEATURE_X")
    of = flag(type=FlagType.FLOAT, variants=(Variant("v", 1.5),), default="v", off="v", lock=locked)
    assert b'"value":3.0,"reason":"STATIC","variant":"environment"' in fragment(of, {})
    assert b"FEATURE_X" not in fragment(of, {})


@pytest.mark.parametrize(
    ("of", "context", "reason"),
    [
        (flag(rule(Fixed("on"))), {}, "TARGETING_MATCH"),
        (flag(rule(ramp(50_000))), {"targetingKey": "u-1"}, "SPLIT"),
        (flag(), {}, "STATIC"),
    ],
)
def test_success_has_the_shape_of_ofrep(of: Flag, context: dict[str, object], reason: str) -> None:
    answer = orjson.loads(fragment(of, context))
    SUCCESS.validate(answer)
    assert answer["reason"] == reason


@pytest.mark.parametrize(
    ("of", "context", "code"),
    [
        (flag(rule(ramp(50_000))), {}, "TARGETING_KEY_MISSING"),
        (flag(rule(ramp(50_000))), {"targetingKey": []}, "INVALID_CONTEXT"),
        (flag(off="gone"), {}, "PARSE_ERROR"),
    ],
)
def test_failure_has_the_shape_of_ofrep(of: Flag, context: dict[str, object], code: str) -> None:
    answer = orjson.loads(fragment(of, context))
    FAILURE.validate(answer)
    assert answer["errorCode"] == code
