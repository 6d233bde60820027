"""Label sets and the matchers that choose among them. Knows nothing of metrics or alerts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.operands import compiled, pattern
from apps.flags.domain.engine.reading import Raw, read_list, read_object, read_text

from .limits import MAX_MATCHED_LENGTH, MAX_MATCHERS, MAX_NAME_LENGTH

LABEL_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]*$"

Labels = tuple[tuple[str, str], ...]  # (name, value) in the order of the names, none twice, no value empty


def label_set(labels: Mapping[str, str]) -> Labels:
    """A label with an empty value is as good as none."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def label_words(labels: Mapping[str, str]) -> str:
    """As in "host=a, job=web"."""
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))


def chosen(labels: Labels, names: Sequence[str]) -> Labels:
    """Only the labels of these names."""
    return tuple(pair for pair in labels if pair[0] in names)


class Match(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"

    @property
    def is_regex(self) -> bool:
        return self in (Match.REGEX, Match.NOT_REGEX)


@dataclass(frozen=True, slots=True)
class Matcher:
    label: str
    match: Match
    value: str  # a text, or a pattern in RE2's syntax that has to fit the whole value

    def matches(self, labels: Mapping[str, str]) -> bool:
        """A missing label counts as an empty one."""
        actual = labels.get(self.label, "")
        if self.match.is_regex:
            found = compiled(self.value, ignore_case=False).fullmatch(actual.encode()) is not None
            return found is (self.match is Match.REGEX)
        return (actual == self.value) is (self.match is Match.EQUAL)

    @property
    def words(self) -> str:
        """As in `env="production"`."""
        return f'{self.label}{self.match}"{self.value}"'


def all_match(matchers: Sequence[Matcher], labels: Labels) -> bool:
    known = dict(labels)
    return all(matcher.matches(known) for matcher in matchers)


def read_matchers(path: str, raw: object) -> tuple[Matcher, ...]:
    """A list of `{"label", "match", "value"}`. Raises InvalidDefinition."""
    return tuple(_matcher(*item) for item in read_list(path, raw, MAX_MATCHERS, at_least=0))


def dump_matchers(matchers: Sequence[Matcher]) -> list[Raw]:
    return [{"label": one.label, "match": one.match.value, "value": one.value} for one in matchers]


def label_names(matchers: Sequence[Matcher], path: str) -> Iterator[tuple[str, str]]:
    """Each matcher's label with the path to it."""
    for n, matcher in enumerate(matchers):
        yield f"{path}[{n}].label", matcher.label


def _matcher(path: str, raw: object) -> Matcher:
    fields = read_object(path, raw, {"label", "match", "value"})
    label = read_text(f"{path}.label", fields["label"], MAX_NAME_LENGTH)
    if fields["match"] not in list(Match):
        raise InvalidDefinition(f"{path}.match", f"must be one of {' '.join(Match)}")
    match = Match(str(fields["match"]))
    if match.is_regex:
        return Matcher(label, match, pattern(f"{path}.value", fields["value"]))
    return Matcher(label, match, read_text(f"{path}.value", fields["value"], MAX_MATCHED_LENGTH, at_least=0))
