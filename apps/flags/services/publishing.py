"""What every write of this app ends with: a last check, the next ruleset version, a notice. Private to services."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import F

from apps.core import bus
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.validation import validate_flag
from apps.flags.models import FlagState, Ruleset
from apps.flags.selectors import definitions
from apps.flags.services.prerequisites import prerequisite_problems
from apps.flags.services.references import segment_problems


class InvalidFlag(ValidationError):
    """The engine could not serve this. `message_dict` maps each path, such as `rules[0].serve`, to its problems."""


def check(state: FlagState) -> None:
    """Refuse a state that the engine could not serve."""
    problems: dict[str, list[str]] = {}
    try:
        flag = definitions.flag(state)
    except InvalidDefinition as error:
        raise InvalidFlag({error.path: [error.message]}) from error
    found = validate_flag(flag) or [*segment_problems(state, flag), *prerequisite_problems(state, flag)]
    for path, message in found:
        problems.setdefault(path, []).append(message)
    if problems:
        raise InvalidFlag(problems)


def publish(environment_ids: Iterable[int], at: datetime) -> None:
    """Give each ruleset its next version. The row lock makes version order the commit order."""
    for environment_id in sorted(set(environment_ids)):
        Ruleset.objects.get_or_create(environment_id=environment_id, defaults={"changed_at": at})
        Ruleset.objects.filter(pk=environment_id).update(version=F("version") + 1, changed_at=at)
        bus.announce("rulesets", environment=environment_id)
