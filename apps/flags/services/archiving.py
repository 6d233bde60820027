"""Taking a flag out of every ruleset, and bringing it back exactly as it was."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.core.audit import Actor
from apps.core.services import check_version
from apps.flags.domain.transitions import NothingToChange
from apps.flags.models import Flag, FlagState
from apps.flags.selectors import waiting_for
from apps.flags.services.consent import check_consent
from apps.flags.services.locking import lock_states
from apps.flags.services.open_rollouts import refuse_while_rolling_out
from apps.flags.services.publishing import check, publish
from apps.flags.services.trail import record


class FlagIsNeeded(Exception):
    """Other flags wait for this one; `keys` names them."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"needed by {', '.join(keys)}")
        self.keys = keys


def archive_flag(
    *, flag_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None, approved: bool = False
) -> Flag:
    """Clients fall back to their code's default in every environment; states, history and the key are kept.

    Raises NothingToChange, StaleVersion, FlagIsNeeded, FlagIsRollingOut, ReasonMissing where an environment is
    protected, and ApprovalRequired where one asks for it, unless it is `approved`.
    """
    with transaction.atomic():
        flag, states = _locked(flag_id, expected_version, reason, approved=approved)
        if flag.archived_at is not None:
            raise NothingToChange
        refuse_while_rolling_out(states)
        waiting = sorted({key for state in states for key in waiting_for(state)})
        if waiting:
            raise FlagIsNeeded(waiting)
        return _move(flag, states, archived_at=at, kind="flags.flag_archived", actor=actor, reason=reason, at=at)


def restore_flag(
    *, flag_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None, approved: bool = False
) -> Flag:
    """Every environment serves again what it served before.

    Raises InvalidFlag when a flag it waits for is gone, and otherwise what archiving raises.
    """
    with transaction.atomic():
        flag, states = _locked(flag_id, expected_version, reason, approved=approved)
        if flag.archived_at is None:
            raise NothingToChange
        for state in states:
            check(state)
        return _move(flag, states, archived_at=None, kind="flags.flag_restored", actor=actor, reason=reason, at=at)


def _locked(flag_id: int, expected_version: int | None, reason: str, *, approved: bool) -> tuple[Flag, list[FlagState]]:
    flag = Flag.objects.select_for_update().get(pk=flag_id)
    check_version(flag.version, expected_version)
    states = lock_states(flag)
    check_consent([state.environment for state in states], reason, approved=approved)
    return flag, states


def _move(
    flag: Flag,
    states: Sequence[FlagState],
    *,
    archived_at: datetime | None,
    kind: str,
    actor: Actor,
    reason: str,
    at: datetime,
) -> Flag:
    before, flag.archived_at = flag.archived_at, archived_at
    flag.version += 1
    flag.save(update_fields=["archived_at", "version"])
    moments = [moment and moment.isoformat() for moment in (before, archived_at)]
    record(kind, flag, actor=actor, reason=reason, at=at, changed={"archived_at": moments})
    publish([state.environment_id for state in states], at)
    return flag
