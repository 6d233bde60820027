"""The four ways back from a deployment: which are possible now, how fast each is meant to be and what it leaves as it
is. Plans only; the facts come from the caller, and nothing is rolled back here."""

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    FLAG = "FLAG"
    SWITCH = "SWITCH"
    REVERT = "REVERT"
    RESTORE = "RESTORE"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def target_seconds(self) -> int:
        """The customer's, from the decision until users are well; the longer one of two."""
        return _TARGET_SECONDS[self]


_WORDS = {
    Method.FLAG: "flag rollback",
    Method.SWITCH: "traffic switch",
    Method.REVERT: "git revert",
    Method.RESTORE: "database restore",
}
_TARGET_SECONDS = {Method.FLAG: 30, Method.SWITCH: 180, Method.REVERT: 600, Method.RESTORE: 1_800}

_DATA = "Data written since the deployment started: it stays as the new version wrote it"
_SENT = "E-mails, webhooks and payments that went out"
_LOADED = "Pages that browsers have loaded already"
_MIGRATED = "Migrations that have run: the database keeps its new shape"
_CONTRACTED = "The contract migration that has run: what it removed stays removed"
_LOST = "Everything written after the backup was made"


@dataclass(frozen=True, slots=True)
class LinkedFlag:
    """A flag that the release names."""

    key: str
    live: bool  # not killed


@dataclass(frozen=True, slots=True)
class PreviousSlot:
    """What ran before, as far as it still runs."""

    version: str
    healthy: bool
    succeeded: bool  # its release is the last one that succeeded here, not one that was rolled back


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    version: str  # the one to leave
    flags: tuple[LinkedFlag, ...] = ()
    previous: PreviousSlot | None = None
    migrated: bool = False  # migrations ran with this deployment
    contract_migration: bool = False  # one of them removed what the previous release needs
    driver_problem: str = ""  # why traffic cannot be moved from here; empty: it can
    revert_connected: bool = False
    restore_connected: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    method: Method
    possible: bool
    reason: str  # what it does, or all that is in the way
    target_seconds: int
    will_not_undo: tuple[str, ...]
    loses: str = ""  # what is worse afterwards than before


def planned(facts: Facts) -> tuple[Option, ...]:
    """All four: what is possible first, each group from the fastest to the slowest."""
    options = (_flag(facts), _switch(facts), _revert(facts), _restore(facts))
    return tuple(sorted(options, key=lambda option: (not option.possible, option.target_seconds)))


def _flag(facts: Facts) -> Option:
    live = _live(facts)
    if live:
        reason = f"Kills {_named(live)}: everyone gets the off variant"
    elif facts.flags:
        reason = f"Nothing to kill: {_named([flag.key for flag in facts.flags])} is killed already"
    else:
        reason = "No flag is linked to the release"
    code = f"The code: {facts.version} stays deployed, and what is not behind these flags goes on"
    return _option(Method.FLAG, bool(live), reason, (code, _DATA, _SENT, *_schema(facts)))


def _switch(facts: Facts) -> Option:
    kept = (_DATA, _SENT, *_schema(facts), *_flags_stay(facts), _LOADED)
    obstacles = _in_the_way_of_a_switch(facts)
    if facts.previous is None or obstacles:
        return _option(Method.SWITCH, False, "; ".join(obstacles), kept)
    reason = f"Moves all traffic to {facts.previous.version}, which still runs and is healthy"
    return _option(Method.SWITCH, True, reason, kept)


def _in_the_way_of_a_switch(facts: Facts) -> list[str]:
    obstacles = _wrong_with(facts.previous)
    if facts.contract_migration:
        obstacles.append("A contract migration has run: the previous version needs what it removed")
    if facts.driver_problem:
        obstacles.append(facts.driver_problem)
    return obstacles


def _wrong_with(previous: PreviousSlot | None) -> list[str]:
    if previous is None:
        return ["No previous version is running"]
    obstacles = []
    if not previous.succeeded:
        obstacles.append(f"The previous slot runs {previous.version}, which is not the last release that succeeded")
    if not previous.healthy:
        obstacles.append(f"{previous.version} in the previous slot is not healthy")
    return obstacles


def _revert(facts: Facts) -> Option:
    reason = (
        "Deploys a revert of the release's commits"
        if facts.revert_connected
        else "No repository is connected yet: revert the commits there and deploy the result"
    )
    kept = (_DATA, _SENT, *_schema(facts), *_flags_stay(facts))
    return _option(Method.REVERT, facts.revert_connected, reason, kept)


def _restore(facts: Facts) -> Option:
    reason = (
        "Restores the database from the backup made before the deployment"
        if facts.restore_connected
        else "No backups are connected yet: restore the database by hand"
    )
    code = f"The code: {facts.version} stays deployed until it is rolled back too"
    kept = (code, _SENT, *_flags_stay(facts))
    return _option(Method.RESTORE, facts.restore_connected, reason, kept, _LOST)


def _option(method: Method, possible: bool, reason: str, kept: tuple[str, ...], loses: str = "") -> Option:
    return Option(method, possible, reason, method.target_seconds, kept, loses)


def _schema(facts: Facts) -> tuple[str, ...]:
    if facts.contract_migration:
        return (_CONTRACTED,)
    return (_MIGRATED,) if facts.migrated else ()


def _flags_stay(facts: Facts) -> tuple[str, ...]:
    live = _live(facts)
    return (f"What its flags serve: {_named(live)}",) if live else ()


def _live(facts: Facts) -> list[str]:
    return [flag.key for flag in facts.flags if flag.live]


def _named(keys: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(keys[:-1]), keys[-1])))
