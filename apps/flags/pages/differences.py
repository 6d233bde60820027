"""What differs between two definitions, or between the sides of an audit entry, in words for people."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _

from apps.flags.pages.targeting import override_sides, prerequisite_words
from apps.flags.pages.words import compact, serving_lines, status_words


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a diff. A missing side is an empty text."""

    label: str
    before: str
    after: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Between two definitions, as the versions keep them; parts that are equal are left out."""
    old, new = _readable(before), _readable(after)
    return _override_differences(before, after) + [
        difference
        for name, label in _labels().items()
        if name in new
        for difference in _by_line(label, old.get(name, ""), new[name])
    ]


def _override_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    lost, gained = override_sides(before, after)
    return [Difference(_("Individual users"), lost, gained)] if lost or gained else []


def wanted(after: Mapping[str, Any], fields: Collection[str]) -> list[Difference]:
    """What a change of these fields asks for, whatever is served until then. `after` is a whole definition."""
    parts = {"audience" if name in ("rules", "default_variant") else name for name in fields}
    users = _override_differences({}, after) if "overrides" in parts else []
    return users + [Difference(_labels()[name], "", text) for name, text in _readable(after).items() if name in parts]


def _labels() -> dict[str, str]:
    return {
        "status": _("Status"),
        "audience": _("Rollout"),
        "off_variant": _("Served when off"),
        "prerequisites": _("Waits for"),
        "variants": _("Variants"),
        "client_exposed": _("Visible to client keys"),
    }


def _by_line(label: str, before: str, after: str) -> Iterator[Difference]:
    """The lines that differ, so that one changed rule of many is told alone."""
    old, new = before.splitlines(), after.splitlines()
    for tag, first, last, from_, to in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Difference(label, "; ".join(old[first:last]), "; ".join(new[from_:to]))


def audited(changes: Mapping[str, Sequence[Any]]) -> list[Difference]:
    """The changes of an audit entry."""
    return [
        Difference(name.removesuffix("_id").replace("_", " ").capitalize(), *(_side(value) for value in sides))
        for name, sides in changes.items()
    ]


def _side(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else compact(value)


def _readable(definition: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    if "status" in definition:
        found["status"] = status_words(definition)
        found["audience"] = "\n".join(serving_lines(definition))
        found["off_variant"] = definition["off_variant"]
        found["prerequisites"] = "; ".join(prerequisite_words(definition))
    if "variants" in definition:
        found["variants"] = ", ".join(f"{key} = {compact(value)}" for key, value in definition["variants"])
    if "client_exposed" in definition:
        found["client_exposed"] = _("Yes") if definition["client_exposed"] else _("No")
    return found
