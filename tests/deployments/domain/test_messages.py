"""Templates of messages: what is refused, what is put in, and that no template computes anything."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.deployments.domain.messages import DEFAULTS, PLACEHOLDERS, SAMPLE, Kind, Template, check, rendered

DASH = "\u2013"


def body(text: str) -> Template:
    return Template("s", text)


def test_every_kind_has_a_template_without_a_problem() -> None:
    assert set(DEFAULTS) == set(Kind)
    assert {kind: check(template) for kind, template in DEFAULTS.items()} == {kind: [] for kind in Kind}


def test_a_preview_knows_every_value() -> None:
    assert SAMPLE.keys() == PLACEHOLDERS.keys()
    for template in DEFAULTS.values():
        subject, text = rendered(template, SAMPLE)
        assert not {"{", "}", DASH} & set(subject + text)


def test_the_message_of_a_rollback_says_what_why_and_what_to_do() -> None:
    assert rendered(DEFAULTS[Kind.ROLLED_BACK], SAMPLE) == (
        "ROLLED BACK: shop on production is at 2.13.2 again",
        "Why: 6.2 % of requests to the new version fail, 0.3 % of those to the old one.\n"
        "Grace Hopper took 2.14.0 back by traffic switch in 12 min; 2.13.2 has the traffic.\n"
        "Take gift cards at the checkout (4f2a91c, Ada Lovelace)\n"
        "Please confirm that all is well: https://pulseops.example.com/deployments/1042/",
    )


@pytest.mark.parametrize("kind", Kind)
def test_every_message_names_the_service_and_has_its_address(kind: Kind) -> None:
    subject, text = rendered(DEFAULTS[kind], SAMPLE)
    assert "shop" in subject
    assert SAMPLE["url"] in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{servise}", "{servise}, which is not known; did you mean {service}?"),
        ("{Version}", "did you mean {version}?"),
        ("{ url }", "did you mean {url}?"),
        ("{xyzzy}", "there are service, environment, version"),
        ("{}", "has {}, which is not known"),
        ("{service.name}", "did you mean {service}?"),
        ("{service!r}", "did you mean {service}?"),
        ("{weight:>10}", "did you mean {weight}?"),
        ("{values[0]}", "is not known"),
        ("{service", "has a { without its other half: '{service'; write it twice"),
        ("service}", "has a } without its other half: 'service}'"),
        ("{{service}", "has a } without its other half"),
        ("{a{service}}", "has a { without its other half"),
        (" \n", "is empty"),
        ("x" * 5_001, "has 5,001 characters; 5,000 are allowed"),
        ("a\0", "cannot carry"),
    ],
)
def test_what_is_wrong_with_a_template_is_named(text: str, message: str) -> None:
    problems = check(body(text))
    assert any(field == "body" and message in words for field, words in problems), problems


def test_every_problem_is_named_at_once() -> None:
    found = check(Template("a\nb {servise}", "{"))
    assert [field for field, _words in found] == ["subject", "subject", "body"]
    assert ("subject", "must be a single line") in found
    assert check(Template("x" * 201, "b")) == [("subject", "has 201 characters; 200 are allowed")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{service} is up", "shop is up"),
        ("{{service}}", "{service}"),
        ("{{{service}}}", "{shop}"),
        ('{{"v": "{version}"}}', '{"v": "2"}'),
        ("{method}", DASH),  # a name that has no value
        ("{commit}", DASH),  # an empty value
        ("{xyzzy}", DASH),
        ("{service.__class__}", DASH),
        ("{service!r:>9}", DASH),
        ("{secret}", DASH),  # among the values, but not a placeholder
        ("{service", "{service"),
        ("} {service} {", "} shop {"),
    ],
)
def test_values_are_put_in(text: str, expected: str) -> None:
    values = {"service": "shop", "version": "2", "commit": " ", "secret": "x"}
    assert rendered(body(text), values) == ("s", expected)


def test_braces_in_a_value_are_not_looked_at_again() -> None:
    assert rendered(body("{message}"), {"message": "Use {url} and {{x}}", "url": "y"})[1] == "Use {url} and {{x}}"


def test_a_value_cannot_add_a_line_to_the_subject() -> None:
    template = Template("Done: {message}", "{message}")
    subject, text = rendered(template, {"message": "one\r\nBcc: all@example.com\x1b[2J"})
    assert subject == "Done: one Bcc: all@example.com [2J"
    assert text == "one\nBcc: all@example.com[2J"


def test_a_long_value_is_cut() -> None:
    subject, text = rendered(Template("{message}", "{message}"), {"message": "x" * 3_000})
    assert (len(subject), subject[-2:]) == (200, "x…")
    assert (len(text), text[-2:]) == (2_000, "x…")


pieces = st.sampled_from(["{", "}", "{{", "}}", "service", "{service}", "{reason}", ".", "!r", ":>9", "[0]", "x", " "])


@given(st.lists(pieces, max_size=12).map("".join), st.text(max_size=10))
def test_a_template_without_a_problem_says_what_python_would_put_in(text: str, service: str) -> None:
    """str.format is the measure of what doubled braces and plain names mean."""
    values = {"service": service.strip() or "x", "reason": "why"}
    printable = "".join(character for character in values["service"] if character.isprintable()).strip() or "x"
    values["service"] = printable
    _subject, filled = rendered(body(text), values)
    if not check(body(text)):
        assert filled == text.format(**values)


@given(st.text(max_size=300), st.dictionaries(st.sampled_from(sorted(PLACEHOLDERS)), st.text(max_size=300)))
def test_no_template_and_no_value_stops_a_message(text: str, values: dict[str, str]) -> None:
    subject, _filled = rendered(Template(text, text), values)
    assert len(subject) <= 200
    assert not set(subject) & set(string.whitespace) - {" "}
