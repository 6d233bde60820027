"""Values locked by environment variables: which variable, and what its text means."""

import pytest

from apps.flags.domain.engine.definitions import FlagType, Lock, Variant
from apps.flags.domain.locks import UnreadableLock, read_lock, variable_name

SOURCE = "PULSEOPS_FEATURE_X"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("aiSummarization", "AI_SUMMARIZATION"),
        ("ai-summarization", "AI_SUMMARIZATION"),
        ("ai_summarization", "AI_SUMMARIZATION"),
        ("ai.summarization", "AI_SUMMARIZATION"),
        ("checkout-v2", "CHECKOUT_V2"),
        ("checkoutV2", "CHECKOUT_V2"),
        ("crmIntegration", "CRM_INTEGRATION"),
        ("useHTTPServer", "USE_HTTP_SERVER"),
        ("HTTPServer", "HTTP_SERVER"),
        ("on", "ON"),
    ],
)
def test_a_key_names_its_variable(key: str, name: str) -> None:
    assert variable_name(key) == f"PULSEOPS_FEATURE_{name}"


def read(text: str, type: FlagType, *variants: tuple[str, object]) -> Lock:
    return read_lock(text, type=type, variants=tuple(Variant(*one) for one in variants), source=SOURCE)


def test_a_variants_key_wins_over_reading_a_value() -> None:
    assert read("1", FlagType.INTEGER, ("1", 100), ("one", 1)) == Lock("1", 100, SOURCE)


def test_a_value_that_a_variant_has_takes_its_name() -> None:
    assert read("true", FlagType.BOOLEAN, ("on", True), ("off", False)) == Lock("on", True, SOURCE)
    assert read("0.5", FlagType.FLOAT, ("half", 0.5)) == Lock("half", 0.5, SOURCE)


def test_a_value_of_its_own_is_called_environment() -> None:
    assert read("7", FlagType.INTEGER, ("few", 1)) == Lock("environment", 7, SOURCE)


@pytest.mark.parametrize("text", ["true", "TRUE", "1", "on", "yes", "Yes"])
def test_words_for_true(text: str) -> None:
    assert read(text, FlagType.BOOLEAN).value is True


@pytest.mark.parametrize("text", ["false", "False", "0", "off", "no"])
def test_words_for_false(text: str) -> None:
    assert read(text, FlagType.BOOLEAN).value is False


def test_a_text_is_taken_as_it_stands() -> None:
    assert read(" two words ", FlagType.STRING).value == " two words "
    assert read("", FlagType.STRING).value == ""


def test_an_object_is_json() -> None:
    assert read('{"columns": 3}', FlagType.OBJECT).value == {"columns": 3}


def test_a_whole_number_is_a_float_for_a_float_flag() -> None:
    value = read("1", FlagType.FLOAT).value
    assert isinstance(value, float)
    assert value == 1.0


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("maybe", FlagType.BOOLEAN),
        ("", FlagType.BOOLEAN),
        ("1.5", FlagType.INTEGER),
        ("", FlagType.INTEGER),
        ("nan", FlagType.FLOAT),
        ("inf", FlagType.FLOAT),
        ("-Infinity", FlagType.FLOAT),
        ("[1]", FlagType.OBJECT),
        ("{", FlagType.OBJECT),
        ("null", FlagType.OBJECT),
    ],
)
def test_what_is_no_value_of_the_type_is_refused_and_quoted(text: str, type: FlagType) -> None:
    with pytest.raises(UnreadableLock, match=type.value):
        read(text, type)
