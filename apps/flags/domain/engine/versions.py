"""Versions as Semantic Versioning 2.0.0 orders them (semver.org, section 11). Ranges as npm writes them."""

import re

Identifier = tuple[int, int, str]  # (0, number, "") or (1, 0, text): numbers come before texts
Version = tuple[int, int, int, tuple[int, tuple[Identifier, ...]]]  # the last part: (1, ()) without a pre-release

_RELEASE = (1, ())
_FIRST_PRERELEASE: tuple[int, tuple[Identifier, ...]] = (0, ())  # below every pre-release of the same numbers
_LONGEST = 256  # characters
_NUMBER = "(0|[1-9][0-9]*)"
_SHAPE = re.compile(
    rf"{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


def read_version(text: object, *, whole: bool = False) -> Version | None:
    """None when it is no version. Missing numbers are 0, so that "2" and "2.1" of a client count; `whole` wants
    all three."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    found = _SHAPE.fullmatch(text)
    if found is None or (whole and found[3] is None):
        return None
    numbers = (int(found[1]), int(found[2] or 0), int(found[3] or 0))
    if found[4] is None:
        return (*numbers, _RELEASE)
    identifiers = [_identifier(one) for one in found[4].split(".")]
    known = tuple(one for one in identifiers if one is not None)
    return (*numbers, (0, known)) if len(known) == len(identifiers) else None


def caret(low: Version) -> Version:
    """What `^low` stays below: the next change of the leftmost number that is not 0."""
    major, minor, patch, _ = low
    if major:
        return major + 1, 0, 0, _FIRST_PRERELEASE
    if minor:
        return 0, minor + 1, 0, _FIRST_PRERELEASE
    return 0, 0, patch + 1, _FIRST_PRERELEASE


def tilde(low: Version) -> Version:
    """What `~low` stays below: the next minor version."""
    return low[0], low[1] + 1, 0, _FIRST_PRERELEASE


def _identifier(text: str) -> Identifier | None:
    """A number has no leading zeros."""
    if not text.isdigit():
        return 1, 0, text
    return None if len(text) > 1 and text[0] == "0" else (0, int(text), "")
